"""Exports: a simulation for other tools: Perfetto, OpenTelemetry, whoever reads Arrow files."""

from windtunnel.report.exports.perfetto import perfetto
from windtunnel.report.exports.spans import Span, spans
from windtunnel.report.exports.tables import table_files
from windtunnel.report.exports.telemetry import otlp_json, send

__all__ = ["Span", "otlp_json", "perfetto", "send", "spans", "table_files"]
