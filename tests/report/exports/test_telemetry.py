"""Spans: a tree for each dag run, the same ids each time, and a collector that takes them."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

import windtunnel as wt
from windtunnel.report.exports import otlp_json, send, spans


@pytest.fixture(scope="module")
def found(night):
    return list(spans(night))


def test_each_dag_run_is_a_tree_of_its_own(night, found):
    roots = [one for one in found if one.parent_id is None]
    assert [one.name.partition(" ")[0] for one in roots] == [r.dag_id for r in night.dag_runs()]
    by_id = {one.span_id: one for one in found}
    assert len(by_id) == len(found), "no id twice"
    for one in found:
        if one.parent_id is not None:
            above = by_id[one.parent_id]
            assert above.trace_id == one.trace_id
            assert above.start_ns <= one.start_ns <= one.end_ns <= above.end_ns


def test_times_are_those_of_the_simulation(night, found):
    load = next(one for one in found if one.name == "load_0")
    ran = next(o for o in found if o.parent_id == load.span_id and o.name == "running")
    began = datetime.fromtimestamp(ran.start_ns / 1e9, tz=night.trace.start.tzinfo)
    assert began == night.task("etl.load_0").started


def test_a_failed_try_is_an_error_and_the_run_is_none(found):
    assert [one.name for one in found if one.ok is False] == ["failed try"]


def test_a_triggered_run_links_to_who_triggered_it(found):
    mart = next(one for one in found if one.service == "mart" and one.parent_id is None)
    go = next(one for one in found if one.name == "go")
    assert mart.links == ((go.trace_id, go.span_id),)


def test_the_file_is_otlp_and_the_same_each_time(night, found):
    told = otlp_json(found)
    assert told == otlp_json(spans(night))
    resources = json.loads(told)["resourceSpans"]
    services = [r["resource"]["attributes"][0]["value"]["stringValue"] for r in resources]
    assert services == ["etl", "mart"]
    one = resources[0]["scopeSpans"][0]["spans"][0]
    assert (len(one["traceId"]), len(one["spanId"])) == (32, 16)
    assert one["startTimeUnixNano"].isdecimal()


@pytest.fixture
def collector():
    """An address, and the bodies of the requests that came to it."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            bodies.append(gzip.decompress(body) if packed else body)
            bodies.append(self.path.encode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("end", ["", "/", "/v1/traces"])
def test_a_collector_is_sent_all_of_them(found, collector, end):
    otlp = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    address, bodies = collector
    assert send(found, address + end) == len(found)
    request = otlp.ExportTraceServiceRequest()
    request.ParseFromString(bodies[0])
    sent = [s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
    assert {one.span_id.hex() for one in sent} == {one.span_id for one in found}
    assert bodies[1] == b"/v1/traces"


def test_without_the_extra_it_says_what_to_install(found, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(wt.InvalidInput, match=r"pip install 'windtunnel\[otel\]'"):
        send(found, "http://127.0.0.1:9")


def test_what_had_not_ended_when_the_window_did_is_neither_ok_nor_an_error():
    long = wt.Dag(dag_id="long", tasks=tuple(wt.Task(task_id=f"t{n}") for n in range(2)))
    result = wt.simulate(
        wt.Fleet(dags=(long,)),
        cluster=wt.Cluster(parallelism=1),
        behavior=wt.Behavior(rules=(wt.Rule(tasks="*", duration_s=400),)),
        start="2026-03-01",
        window="10m",
        runs=["long"],
    )
    own = list(spans(result))
    told = {(one.name.partition(" ")[0], one.ok) for one in own if one.name != "running"}
    assert told == {("long", None), ("t0", True), ("t1", None), ("waits", True)}
    assert [one.ok for one in own if one.name == "running"] == [True, None]
    resources = json.loads(otlp_json(own))["resourceSpans"]
    codes = [one["status"]["code"] for one in resources[0]["scopeSpans"][0]["spans"]]
    assert codes == [{None: 0, True: 1}[one.ok] for one in own]


def test_what_still_waits_when_the_window_ends_is_not_ok():
    stuck = wt.Dag(dag_id="stuck", tasks=(wt.Task(task_id="t", pool="none"),))
    result = wt.simulate(
        wt.Fleet(dags=(stuck,)), cluster=wt.Cluster(pools={"none": wt.Pool(slots=0)}),
        start="2026-03-01", window="10m", runs=["stuck"],
    )  # fmt: skip
    assert {one.name.partition(" ")[0]: one.ok for one in spans(result)} == {
        "stuck": None, "t": None, "waits": None,
    }  # fmt: skip
