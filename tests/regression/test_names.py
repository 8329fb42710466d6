"""Names of test files: the same on every day, and another for each finding."""

from __future__ import annotations

from windtunnel.detect import Finding, Limit
from windtunnel.regression.names import file_name, function_name


def finding(**told: object) -> Finding:
    return Finding(**{"code": "WT101", "title": "Pool deadlock", "summary": "s", **told})


def names(*findings: Finding) -> list[str]:
    taken: set[str] = set()
    return [file_name(one, taken) for one in findings]


def test_a_file_is_named_by_what_the_finding_is_about():
    over_pool = finding(limits=(Limit(kind="pool", subject="db-1"),), dag_id="etl")
    about = finding(code="WT103", about="etl.load")
    assert names(over_pool, about) == ["test_wt101_pool_db_1.py", "test_wt103_etl_load.py"]


def test_findings_that_only_their_words_tell_apart_have_letters_that_numbers_do_not_change():
    one, again, other = (
        finding(dag_id="etl", summary=said)
        for said in ("load_1 waits 3 d", "load_1 waits 45 d", "load_2 waits 3 d")
    )
    assert names(one) == names(again)
    assert len(set(names(one, other))) == 2


def test_names_that_would_be_the_same_and_long_ones_are_told_apart():
    pools = [finding(limits=(Limit(kind="pool", subject=name),)) for name in ("a-b", "a_b")]
    assert len(set(names(*pools))) == 2
    long = [finding(about="etl." + "x" * 80 + end) for end in "ab"]
    assert len(set(names(*long))) == 2
    assert all(len(name) < 80 for name in names(*long))


def test_a_test_names_as_many_dags_as_fit_into_its_line(held_by):
    assert function_name(held_by("etl", "mart")) == "test_pool_deadlock_of_etl_and_mart"
    many = function_name(held_by(*(f"d{n}" for n in range(9))))
    assert many == "test_pool_deadlock_of_d0_and_d1_and_d2_and_6_more"
    for size in (20, 40, 200):
        name = function_name(held_by(*(f"{letter * size}" for letter in "abcd")))
        assert len(f"def {name}(windtunnel):") <= 88
        assert name.startswith("test_pool_deadlock")
