"""The scenario `nested_deadlock`: found, explained, replayable, always the same; its cure."""

from __future__ import annotations

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import windtunnel
from windtunnel.loaders import read_scenario

FOLDER = Path(str(files("windtunnel_scenarios"))) / "nested_deadlock"
FEW = ("--simulations", "20")
"""Enough here, and ten times as quick."""


def test_check_finds_the_deadlock_and_explains_it(windtunnel_command: Any) -> None:
    done = windtunnel_command("check", str(FOLDER))

    text = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "WT101" in text
    assert re.search(r"(sales|load)\.py:\d+ dag=(sales|load)_", text)
    assert re.search(r"No progress after 2026-03-01 02:0\d:\d\d", text)
    assert re.search(r" until \S+| for ever: nothing ends it", text)
    assert "8 TriggerDagRunOperator tasks, each holding 1 of worker slots" in text
    assert "(8/8)" in text
    assert "sales_eu.load since 02:00:00 waits for its run of load_eu to end" in text
    assert re.search(r"queued, waiting for worker slots[^:]*: [^:]*build_eu\.orders", text)
    assert re.search(r"queued, waiting for worker slots[^:]*: [^:]*billing\.collect", text)
    assert re.search(r"cycle: load_\w+\.build -> build_\w+\.\w+ -> worker slots", text)
    assert re.search(r"windtunnel replay wt1-\w+", text)


def test_one_more_level_of_slots_or_deferrable_waits_cure_it(windtunnel_command: Any) -> None:
    (finding, *_) = json.loads(
        windtunnel_command("check", "nested_deadlock", *FEW, "--format", "json").stdout
    )["findings"]

    settings = {fix["setting"].partition(" of ")[0] for fix in finding["fixes"]}
    assert "worker slots" in settings
    assert "deferrable" in settings


def test_the_unrelated_dag_starves_on_the_same_workers(windtunnel_command: Any) -> None:
    told = json.loads(windtunnel_command("run", "nested_deadlock", "--format", "json").stdout)

    waited = {
        one["run"]: sum(w["seconds"] for w in one["waited_on"] if w["limit"] == "worker slots")
        for one in told["task_instances"]
        if one["dag_id"] == "billing" and one["task_id"] == "collect"
    }
    # At 01:15 nothing else runs; at 02:15 the others hold every slot.
    assert waited["scheduled@2026-03-01T01:15:00+00:00"] == 0
    assert waited["scheduled@2026-03-01T02:15:00+00:00"] > 600


def test_replay_prints_the_same_finding(windtunnel_command: Any) -> None:
    checked = json.loads(
        windtunnel_command("check", "nested_deadlock", *FEW, "--format", "json").stdout
    )
    (finding, *_) = checked["findings"]

    replayed = windtunnel_command("replay", finding["counterexample"], "--format", "json")

    assert replayed.returncode == 1
    assert finding in json.loads(replayed.stdout)["findings"]


def test_replay_reads_as_check_did(windtunnel_command: Any) -> None:
    checked = windtunnel_command("check", "nested_deadlock").stdout
    (name, *_) = re.findall(r"windtunnel replay (\S+)", checked)

    replayed = windtunnel_command("replay", name).stdout

    first = replayed[replayed.index("WT101") : replayed.index(name)]
    assert first in checked


@pytest.mark.parametrize("command", ["run", "check"])
def test_the_json_is_the_same_bytes_in_every_process(windtunnel_command: Any, command: str) -> None:
    def store(name: str) -> tuple[str, ...]:
        return ("--store", name, *FEW) if command == "check" else ()

    outputs = {
        windtunnel_command(
            command, "nested_deadlock", "--format", "json", *store(seed), PYTHONHASHSEED=seed
        ).stdout
        for seed in ("0", "1", "random")
    }

    assert len(outputs) == 1
    assert str(Path.home()) not in outputs.pop()


def test_the_json_names_no_folder_of_this_machine(windtunnel_command: Any) -> None:
    done = windtunnel_command("check", str(FOLDER), *FEW, "--format", "json")

    assert str(FOLDER) not in done.stdout


def test_deferrable_waits_are_clean(windtunnel_command: Any) -> None:
    done = windtunnel_command("check", "nested_deferrable", *FEW)

    assert done.returncode == 0
    assert "No finding" in done.stdout


def test_three_worker_slots_more_are_clean(windtunnel_command: Any, tmp_path: Path) -> None:
    cluster = (FOLDER / "cluster.toml").read_text()
    (tmp_path / "bigger.toml").write_text(
        cluster.replace("count = 4", "count = 1").replace("slots = 2", "slots = 11")
    )

    done = windtunnel_command("check", "nested_deadlock", *FEW, "--cluster", "bigger.toml")

    assert done.returncode == 0


def test_the_two_scenarios_differ_only_in_how_they_wait() -> None:
    safe = FOLDER.parent / "nested_deferrable"

    for path in [*sorted((FOLDER / "dags").glob("*.py")), FOLDER / "cluster.toml"]:
        theirs = (safe / path.relative_to(FOLDER)).read_text()
        assert theirs.replace("            deferrable=True,\n", "") == path.read_text()


def test_a_copy_behaves_as_the_original(windtunnel_command: Any, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "copy")

    def found(target: str) -> list[dict[str, Any]]:
        done = windtunnel_command("check", target, *FEW, "--format", "json")
        findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
        for fix in (fix for finding in findings for fix in finding["fixes"]):
            # One's own files are patched, those of the package are not.
            fix.pop("patch")
        return findings

    assert found("copy") == found("nested_deadlock")


def test_a_lost_worker_makes_it_worse_the_same_in_every_way_to_say_it(
    windtunnel_command: Any,
) -> None:
    """From the command line, by path and by name, and from Python."""
    fault = "worker lost: 1 of 4 at +10m"
    outcomes = [
        json.loads(windtunnel_command("run", where, "--fault", fault, "--format", "json").stdout)
        for where in (str(FOLDER), "nested_deadlock")
    ]
    scenario = read_scenario(FOLDER).scenario
    result = windtunnel.simulate(scenario, faults=[fault])
    states = [
        [(run["dag_id"], run["run"], run["state"]) for run in outcome["dag_runs"]]
        for outcome in outcomes
    ]
    told = [(run.dag_id, run.run, run.state) for run in result.dag_runs()]
    assert states == [told, told]
    assert any("(6/6)" in held for f in result.findings for p in f.holding for held in p.holds)
    assert windtunnel.simulate(scenario).findings != result.findings
