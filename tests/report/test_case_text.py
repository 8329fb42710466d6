"""The small case of a finding as people read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.detect import Case, Finding, Moment, Size
from windtunnel.report import finding_text
from windtunnel.report.case_text import case_text

BEFORE = Size(dags=31, tasks=96, runs=40, faults=4, choices=12, hours=24.0)
AFTER = Size(dags=2, tasks=2, runs=2, faults=4, choices=1, hours=0.1)


def at(minute: int, day: int = 1) -> datetime:
    return datetime(2026, 3, day, 2, minute, 4, tzinfo=UTC)


@pytest.fixture
def case() -> Case:
    return Case(
        before=BEFORE,
        after=AFTER,
        minimal=True,
        simulations=120,
        timeline=(
            Moment(at=at(0), what="etl, mart have a run each (scheduled)"),
            Moment(at=at(0), what="etl.load takes 20m, its longest", needed=True),
            Moment(at=at(4), what="mart.wait, mart.wait_too start"),
            Moment(at=at(20), what="from here on nothing goes on"),
        ),
    )


WHOLE = """\
  Failing test case (shrunk from 31 DAGs, 96 tasks, 40 dag runs, 12 choices, 1d
    to 2 DAGs, 2 tasks, 2 dag runs, 1 choice, 6m):
     1  02:00:04  etl, mart have a run each (scheduled)
     2  02:00:04  needed: etl.load takes 20m, its longest
     3  02:04:04  mart.wait, mart.wait_too start
     4  02:20:04  from here on nothing goes on
  None of it can be left out; the seed may be any other."""


def test_it_says_how_small_it_is_what_happens_and_what_is_needed(case):
    assert "\n".join(case_text(case, beside=at(0), width=80)) == WHOLE


def test_it_stands_between_the_circle_and_the_fixes(case, finding: Finding):
    text = finding_text(finding.model_copy(update={"case": case}))
    assert text.index("cycle:") < text.index("Failing test case") < text.index("Fixes,")


def test_another_day_is_named_once(case):
    later = Moment(at=at(0, day=2), what="it goes on")
    lines = case_text(case.model_copy(update={"timeline": (later, later)}), beside=at(0), width=80)
    assert [line.split()[1] for line in lines if "goes on" in line] == ["2026-03-02", "02:00:04"]


def test_a_case_that_was_small_already_is_just_told(case):
    same = case.model_copy(update={"before": AFTER})
    assert case_text(same, beside=at(0), width=100)[0] == (
        "  Failing test case (2 DAGs, 2 tasks, 2 dag runs, 4 faults, 1 choice, 6m):"
    )


def test_what_is_left_out_completely_is_named_with_none(case):
    gone = case.model_copy(update={"after": AFTER.model_copy(update={"faults": 0, "choices": 0})})
    said = " ".join(" ".join(case_text(gone, beside=at(0), width=80)[:2]).split())
    assert "4 faults, 12 choices, 1d to 2 DAGs, 2 tasks, 2 dag runs, 0 faults, 0 choices" in said


def test_what_was_not_tried_to_the_end_claims_nothing(case):
    open_ = case.model_copy(update={"minimal": False})
    assert case_text(open_, beside=at(0), width=80)[-1] == (
        "  The search for a smaller one ended before all of it was tried."
    )


def test_what_a_seed_drew_is_not_called_irrelevant(case):
    drawn = case.model_copy(update={"by_seed": True})
    assert case_text(drawn, beside=at(0), width=80)[-1] == (
        "  None of it can be left out; the seed matters, too."
    )
