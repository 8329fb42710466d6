"""The views of the report, in the order of the page."""

from windtunnel.report.html import (
    backtest,
    capacity,
    critical,
    difference,
    fleet,
    landings,
    limits,
    overview,
    tables,
    waiting,
)
from windtunnel.report.html.view import View

VIEWS: tuple[View, ...] = (
    View("capacity", "Capacity", capacity.data, "capacity.js", "capacity.css"),
    View("backtest", "Backtest", backtest.data, "backtest.js", "backtest.css"),
    View("difference", "Difference", difference.data, "difference.js", "difference.css"),
    View("overview", "Overview", overview.data, "overview.js", "overview.css"),
    View("waiting", "Findings over time", waiting.data, "waiting.js", "waiting.css"),
    View("fleet", "Fleet", fleet.data, "fleet.js", "fleet.css"),
    View(
        "occupancy",
        "Occupancy",
        limits.data,
        "occupancy.js",
        "occupancy.css",
        "How many slots of each limit were taken, and its size as a dashed line. The time is that "
        "of the Gantt; what was full for longest comes first.",
    ),
    View("landings", "Landing times", landings.data, "landings.js", "landings.css"),
    View("critical-path", "Critical path", critical.data, "critical.js", "critical.css"),
    View("tables", "Tables", tables.data, "tables.js", "tables.css"),
)
