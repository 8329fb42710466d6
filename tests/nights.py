"""Nights: the first one of March 2026 simulated, with one slot in the pool ``db``."""

from __future__ import annotations

from datetime import UTC, datetime

import windtunnel as wt

START = datetime(2026, 3, 1, tzinfo=UTC)


def simulated(fleet: wt.Fleet, rules: tuple[wt.Rule, ...] = (), **changes) -> wt.Result:
    """The fleet with these rules, for a day or as *changes* say."""
    cluster = wt.Cluster(profile="airflow-3.3", pools={"db": wt.Pool(slots=1)})
    changes = {"start": START, "window": "1d", **changes}
    return wt.simulate(fleet, cluster=cluster, behavior=wt.Behavior(rules=rules), **changes)
