"""The views of the report, in the order of the page."""

from windtunnel.report.html import fleet, overview
from windtunnel.report.html.view import View

VIEWS: tuple[View, ...] = (
    View("overview", "Overview", overview.data, "overview.js", "overview.css"),
    View("fleet", "Fleet", fleet.data, "fleet.js", "fleet.css"),
)
