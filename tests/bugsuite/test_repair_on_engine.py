"""Decoys of the bug suite: changes that look like a cure, and of which it is known that they are
none, are not named as one; and what is named holds in simulations that nobody has seen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bugsuite.as_scenario import as_scenario
from windtunnel.detect import Fix
from windtunnel.search import explore, repair

FLEETS = Path(__file__).parent / "fleets"
WITH_DECOYS = (
    "b01_sensors_fill_pool",
    "b04_worker_slots_behind_pool",
    "b05_trigger_and_wait_same_pool",
    "b07_trigger_recursion_run_slots",
    "b14_queued_tasks_hold_pool_slots",
    "b19_lock_leak_on_crash",
    "b22_runs_overlap_same_table",
    "b26_dagrun_timeout_orphan",
    "b28_late_retry_collides",
    "b38_retry_not_idempotent",
    "b40_two_pools_one_warehouse",
    "b47_whole_chain_slow",
    "b52_retry_meets_four_sensors",
    "b53_fallback_path_inverts_locks",
    "b55_counted_inversion",
)
SETTINGS = {
    "priority": "priority_weight",
    "max_active_tis": "max_active_tis_per_dag",
    "pool": "pool",
}


def is_named(decoy: dict[str, Any], fix: Fix) -> bool:
    """Whether a fix is this change: the same setting of the same, with the same value; of those
    that only matter by more or less (priorities), with any."""
    ((path, value),) = decoy.items()
    if found := re.fullmatch(r"pools\.(\w+)", path):
        return (fix.setting, fix.after) == (f"pool {found[1]}", str(value))
    if found := re.fullmatch(r"worker_slots\.(\w+)", path):
        return (fix.setting, fix.after) == (f"worker slots of {found[1]}", str(value))
    if found := re.fullmatch(r"dags\.(\w+)\.tasks\.(\w+)\.(\w+)", path):
        setting = SETTINGS.get(found[3], found[3])
        same = fix.setting.startswith(f"{setting} of ") and f"{found[1]}.{found[2]}" in fix.setting
        return same and (setting == "priority_weight" or fix.after == str(value))
    dag_id, setting = path.removeprefix("dags.").split(".")
    return (fix.setting, fix.after) == (f"{setting} of {dag_id}", str(value))


@pytest.mark.parametrize("name", WITH_DECOYS)
def test_no_decoy_is_named(name: str) -> None:
    form = json.loads((FLEETS / f"{name}.json").read_text(encoding="utf-8"))
    scenario = as_scenario(form)
    exploration = explore(scenario, 60)
    finding, variant = exploration.found[0]
    known = [found for found, _ in exploration.found]
    repaired = repair(scenario, finding, 8, known, shown_by=variant)
    named = [fix for fix in repaired.fixes if fix.level != "shortens" and not fix.by_timing]
    decoys = [change["set"] for change in form["expect"]["not_fixes"]]
    assert decoys
    assert not [fix for fix in named for decoy in decoys if is_named(decoy, fix)]
