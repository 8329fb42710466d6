"""Accepted findings don't count, and nothing else is accepted with them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.detect import FAMILIES, Accepted, Finding, Party, judge, sort_out, unused
from windtunnel.explain.codes import pages


def finding(dag_id: str | None = "etl", *holding: str, code: str = "WT101", **more) -> Finding:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    parties = [
        Party(name=f"{one}.t", dag_id=one, run="r", operator="O", state="running", since=since)
        for one in holding
    ]
    said = {"title": "T", "summary": f"{dag_id} {code}", **more}
    return Finding(code=code, dag_id=dag_id, holding=tuple(parties), **said)


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ({"etl": {"WT101": ""}}, True),
        ({"e*": {"WT101": ""}}, True),
        ({"*": {"WT101": ""}}, True),
        ({"etl": {"WT102": ""}}, False),
        ({"mart": {"WT101": ""}}, False),
        ({"ET*": {"WT101": ""}}, False),
    ],
)
def test_a_code_is_accepted_for_the_dags_that_are_named(accept, accepted) -> None:
    assert isinstance(judge(accept, finding()), Accepted) is accepted


def test_what_several_dags_do_is_accepted_only_for_all_of_them() -> None:
    both = finding("etl", "etl", "mart")
    left = judge({"etl": {"WT101": ""}}, both)
    assert isinstance(left, Finding)
    assert "accepted for etl; mart takes part, too" in left.notes[-1]
    done = judge({"etl": {"WT101": "small"}, "ma*": {"WT101": "known"}}, both)
    assert isinstance(done, Accepted)
    assert (done.by, done.reason) == (("etl", "ma*"), "small; known")


def test_only_a_star_accepts_what_is_about_no_dag() -> None:
    assert isinstance(judge({"?*": {"WT101": ""}}, finding(None)), Finding)
    assert isinstance(judge({"*": {"WT101": ""}}, finding(None)), Accepted)


def test_what_only_could_happen_is_no_finding_and_can_be_accepted() -> None:
    could = finding("etl", code="WT118", certain=False)
    said = sort_out({}, [finding(), could])
    assert (said.findings, said.possible, said.accepted) == ((finding(),), (could,), ())
    said = sort_out({"etl": {"WT118": ""}}, [could])
    assert (said.findings, said.possible) == ((), ())
    assert [one.finding for one in said.accepted] == [could]


def test_what_is_accepted_and_was_not_found_is_known() -> None:
    accept = {"etl": {"WT101": "", "WT113": ""}, "*": {"WT101": ""}}
    accepted = sort_out(accept, [finding()]).accepted
    assert list(unused(accept, accepted)) == [("etl", "WT113"), ("*", "WT101")]


def test_who_takes_part_is_who_holds_or_else_who_is_named() -> None:
    assert finding("etl", "mart", "etl", "mart").dag_ids == ("etl", "mart")
    assert finding("etl").dag_ids == ("etl",)
    assert finding(None).dag_ids == ()


def test_each_code_belongs_to_a_family_that_has_a_name() -> None:
    codes = [one.code for one in pages()]
    assert {finding(code=code).family for code in codes} == set(FAMILIES)
