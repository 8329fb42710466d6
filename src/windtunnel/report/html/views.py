"""The views of the report, in the order of the page."""

from windtunnel.report.html import critical, fleet, landings, overview, tables, waiting
from windtunnel.report.html.view import View

VIEWS: tuple[View, ...] = (
    View("overview", "Overview", overview.data, "overview.js", "overview.css"),
    View("waiting", "Findings over time", waiting.data, "waiting.js", "waiting.css"),
    View("fleet", "Fleet", fleet.data, "fleet.js", "fleet.css"),
    View("landings", "Landing times", landings.data, "landings.js", "landings.css"),
    View("critical-path", "Critical path", critical.data, "critical.js", "critical.css"),
    View("tables", "Tables", tables.data, "tables.js", "tables.css"),
)
