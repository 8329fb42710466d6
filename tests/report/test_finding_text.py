"""A finding as people read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.detect.finding import Finding, Party
from windtunnel.report import finding_text, headline

WHOLE = """\
WT101 Worker slot deadlock                        dags/sales.py:20  dag=sales_eu
  1 task holds the last worker slots and waits for tasks that need one.
  No progress after 2026-03-01 02:05:00 (virtual time, UTC) until 02:41:00 (36m
  later): task_queued_timeout fails build_eu.orders.
  1 TriggerDagRunOperator task, holding 1 of worker slots (8/8):
    sales_eu.load  since 02:05:00  waits for a run of load_eu to end
  1 task queued, waiting for worker slots (0 of 8 free):
    build_eu.orders
  cycle: worker slots -> sales_eu.load -> build_eu.orders -> worker slots
  Fixes, each simulated and free of this finding:
    - worker slots: 8 -> 9 (one slot more)
  Reproduce with:
    windtunnel replay wt1-8Kq2"""


def test_a_finding_says_where_who_until_when_the_cycle_the_cure_and_how_to_repeat_it(
    finding: Finding,
) -> None:
    assert finding_text(finding) == WHOLE


def test_a_finding_that_nothing_ends_says_so(finding: Finding) -> None:
    text = finding_text(finding.model_copy(update={"until": None, "ended_by": ""}))

    assert "02:05:00 (virtual time, UTC) for ever: nothing ends it." in " ".join(text.split())


def test_the_end_is_dated_when_it_is_on_another_day(finding: Finding) -> None:
    assert finding.since is not None
    week_later = finding.since.replace(day=8)

    text = finding_text(finding.model_copy(update={"until": week_later}))

    assert "until 2026-03-08 02:05:00 (7d later)" in " ".join(text.split())


def test_a_long_place_gets_its_own_line(finding: Finding) -> None:
    deep = finding.model_copy(update={"file": "dags/" + "a" * 60 + ".py"})

    first, second, *_ = finding_text(deep).splitlines()

    assert first == "WT101 Worker slot deadlock"
    assert second == f"  dags/{'a' * 60}.py:20  dag=sales_eu"


def test_parts_that_are_not_known_leave_no_empty_lines() -> None:
    bare = Finding(code="WT105", title="Pool missing", summary="Pool db does not exist.")

    assert finding_text(bare) == "WT105 Pool missing\n  Pool db does not exist."


def test_of_many_tasks_a_dozen_are_listed_and_the_others_are_counted(finding: Finding) -> None:
    (queued,) = finding.waiting
    waiting = tuple(queued.model_copy(update={"name": f"build.t{i:02}"}) for i in range(30))
    many = finding.model_copy(update={"waiting": waiting})

    text = finding_text(many)

    assert "30 tasks queued, waiting for worker slots (0 of 8 free):" in text
    assert text.count("build.t") == 12
    assert ", and 18 more" in " ".join(text.split())


def test_tasks_behind_the_waiting_ones_are_told_last(finding: Finding) -> None:
    (queued,) = finding.waiting
    behind = queued.model_copy(update={"name": "build_eu.publish", "state": "none"})

    lines = finding_text(finding.model_copy(update={"waiting": (behind, queued)})).splitlines()

    at = lines.index("  1 task behind these in their DAGs:")
    assert lines[at - 1 : at + 2] == ["    build_eu.orders", lines[at], "    build_eu.publish"]


def test_a_task_that_waits_in_several_runs_is_told_with_the_run(finding: Finding) -> None:
    """As with max_active_runs: one run holds the place that the other one waits for."""
    (holder,) = finding.holding
    other = holder.model_copy(update={"run": "run_2", "state": "none", "holds": ()})

    text = finding_text(finding.model_copy(update={"waiting": (other,)}))

    assert f"1 task behind these in their DAGs:\n    {holder.name} (run_2)\n" in text


def test_what_many_hold_is_said_once(finding: Finding) -> None:
    (holder,) = finding.holding
    other = holder.model_copy(update={"name": "sales_us.load"})

    text = finding_text(finding.model_copy(update={"holding": (holder, other)}))

    assert "2 TriggerDagRunOperator tasks, each holding 1 of worker slots (8/8):" in text
    assert text.count("holding") == 1


def test_an_end_without_a_date_is_told_in_words(finding: Finding) -> None:
    text = finding_text(finding.model_copy(update={"until": None, "ended_by": "an operator"}))

    assert "until an operator." in " ".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(finding: Finding, width: int) -> None:
    lines = finding_text(finding, width=width).splitlines()

    # The title's place is one word, and stays whole.
    assert max(len(line) for line in lines if "dag=" not in line) <= width


def test_the_headline_carries_code_title_and_place(finding: Finding) -> None:
    assert headline(finding) == "WT101 Worker slot deadlock (dags/sales.py:20  dag=sales_eu)"


def test_runs_of_one_task_are_told_apart_where_it_matters_and_else_counted(
    finding: Finding,
) -> None:
    (holder,), (queued,) = finding.holding, finding.waiting
    other = holder.model_copy(update={"run": "scheduled@2026-03-01T03:00:00+00:00"})
    again = queued.model_copy(update={"run": "manual_2"})

    text = finding_text(
        finding.model_copy(update={"holding": (holder, other), "waiting": (queued, again)})
    )

    assert "sales_eu.load (scheduled@2026-03-01T02:00:00+00:00)" in text
    assert "sales_eu.load (scheduled@2026-03-01T03:00:00+00:00)" in text
    assert "    build_eu.orders (2 runs)\n" in text


def test_those_that_hold_nothing_are_said_to_wait(finding: Finding) -> None:
    (holder,) = finding.holding
    bare = holder.model_copy(update={"holds": ()})

    text = finding_text(finding.model_copy(update={"holding": (bare,)}))

    assert "1 TriggerDagRunOperator task, waiting:" in text


def test_a_holder_of_another_day_gets_its_date(finding: Finding) -> None:
    (holder,) = finding.holding
    older = holder.model_copy(update={"since": holder.since.replace(month=2, day=27)})

    text = finding_text(finding.model_copy(update={"holding": (older,)}))

    assert "since 2026-02-27 02:05:00" in text


def test_long_names_stay_whole_and_nothing_else_is_pushed_over_the_edge(finding: Finding) -> None:
    (holder,) = finding.holding
    name = "the_dag_" + "x" * 60 + ".the_task"
    long = holder.model_copy(update={"name": name, "waits_for": ("its run of " + "y" * 40,)})

    lines = finding_text(finding.model_copy(update={"holding": (long,)})).splitlines()

    assert f"    {name}" in lines
    assert max(len(line) for line in lines if name not in line) <= 80


def test_notes_stand_beside_the_circle(finding: Finding) -> None:
    noted = finding.model_copy(update={"notes": ("Its execution_timeout does not end this.",)})

    assert "  Its execution_timeout does not end this." in finding_text(noted).splitlines()


MEETING = """\
WT202 Two writers at once                                    dags/etl.py  dag=et
  Both write dim.
  From 2026-03-01 02:05:00 (virtual time, UTC) until 02:10:00 (5m later):
  etl.load leaves it.
  - etl.load (r1): writes dim in try 1
  - etl.load[0], etl.load[1]: each writes dim in try 2
  A lock keeps them apart."""


def test_who_does_something_wrong_is_told_with_what_it_does() -> None:
    since = datetime(2026, 3, 1, 2, 5, tzinfo=UTC)

    def party(name: str, does: str) -> Party:
        return Party(name=name, run="r1", operator="Op", state="running", does=does, since=since)

    finding = Finding(
        code="WT202",
        title="Two writers at once",
        summary="Both write dim.",
        dag_id="et",
        file="dags/etl.py",
        since=since,
        until=since.replace(minute=10),
        ended_by="etl.load leaves it",
        holding=(
            party("etl.load", "writes dim in try 1"),
            party("etl.load[0]", "writes dim in try 2"),
            party("etl.load[1]", "writes dim in try 2"),
        ),
        notes=("A lock keeps them apart.",),
    )
    assert finding_text(finding) == MEETING
