"""OpenTelemetry: spans as a file of OTLP JSON, or sent to a collector, Jaeger or Tempo."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from windtunnel.errors import InvalidInput
from windtunnel.report.exports.spans import Span

BATCH = 500
"""Spans of one request."""
PATIENCE_S = 10.0
"""Seconds that a collector may take for one request."""
PATH = "/v1/traces"
INTERNAL = 1
"""OTLP's number of a kind of span."""
CODES = {None: 0, True: 1, False: 2}
"""OTLP's codes of a status: unset, ok, error."""


def otlp_json(found: Iterable[Span]) -> str:
    """One request of OTLP in its JSON form, as the file exporter of a collector writes it."""
    of_dag = sorted(found, key=lambda span: span.service)  # stable: the order within stays
    resources = [
        {
            "resource": {"attributes": _attributes({"service.name": service})},
            "scopeSpans": [{"scope": {"name": "windtunnel"}, "spans": [_json(s) for s in own]}],
        }
        for service, own in groupby(of_dag, key=lambda span: span.service)
    ]
    return json.dumps({"resourceSpans": resources}, ensure_ascii=True, separators=(",", ":"))


def _json(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": INTERNAL,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(span.attributes),
        "status": {"code": CODES[span.ok]},
    }
    if span.parent_id is not None:
        told["parentSpanId"] = span.parent_id
    if span.links:
        told["links"] = [{"traceId": trace, "spanId": own} for trace, own in span.links]
    return told


def _attributes(values: Any) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v}}
        for key, v in values.items()
    ]


def send(found: Iterable[Span], endpoint: str) -> int:
    """Send spans to a collector (OTLP over HTTP, port 4318 as a rule); gives how many.

    Args:
        found: The spans.
        endpoint: Its address: ``http://localhost:4318``; without a path, ``/v1/traces``.

    Raises:
        InvalidInput: the extra is missing, or the collector does not take them.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415
    except ImportError:
        raise InvalidInput(
            f"{endpoint}: spans are sent by the OpenTelemetry SDK; pip install 'windtunnel[otel]'"
        ) from None
    alone = urlsplit(endpoint).path in ("", "/")
    address = endpoint.rstrip("/") + PATH if alone else endpoint
    # Each retry is logged by the SDK; what it came to is told once, below.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    exporter: Any = OTLPSpanExporter(endpoint=address, timeout=PATIENCE_S)
    sent = 0
    try:
        for batch in _batches(found):
            if exporter.export(batch) is not SpanExportResult.SUCCESS:
                raise InvalidInput(
                    f"{endpoint}: the collector took {sent} spans, and then no more; is it there, "
                    "and does it listen for OTLP over HTTP?"
                )
            sent += len(batch)
    finally:
        exporter.shutdown()
    return sent


def _batches(found: Iterable[Span]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for span in found:
        batch.append(_readable(span))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _readable(span: Span) -> Any:
    """The span as the SDK has it."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
    from opentelemetry.trace import Link, SpanKind, Status, StatusCode  # noqa: PLC0415

    return ReadableSpan(
        name=span.name,
        context=_context(span.trace_id, span.span_id),
        parent=None if span.parent_id is None else _context(span.trace_id, span.parent_id),
        resource=Resource({"service.name": span.service}),
        attributes=dict(span.attributes),
        links=[Link(_context(trace, own)) for trace, own in span.links],
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode(CODES[span.ok])),
        start_time=span.start_ns,
        end_time=span.end_ns,
    )


def _context(trace_id: str, span_id: str) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415

    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=sampled)
