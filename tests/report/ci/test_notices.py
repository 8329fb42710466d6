"""What CI services are told: each thing once, with its place in the repository."""

from __future__ import annotations

from pathlib import Path

from windtunnel.detect import Finding
from windtunnel.report.ci import Places, notice_of, told
from windtunnel.search import Unreached


def test_each_thing_is_told_once_at_its_place(said):
    assert [(one.level, one.code, one.file, one.line) for one in said.notices] == [
        ("error", "broken-dag-file", "airflow/dags/late/new.py", 2),
        ("error", "WT101", "airflow/dags/sales.py", 20),
        ("warning", "WT118", "airflow/dags/build.py", 7),
        ("accepted", "WT113", "airflow/dags/quiet.py", 3),
    ]
    assert said.verdict.startswith("2 findings (WT101) in 8 simulations. Could happen: WT118.")


def test_who_takes_part_is_told_with_its_line(said):
    assert said.notices[1].related == (
        (
            "sales_eu.load: holds 1 of worker slots (8/8); waits for a run of load_eu to end",
            "airflow/dags/sales.py",
            20,
        ),
        (
            "build_eu.orders: waits for worker slots (0 of 8 free)",
            "airflow/dags/build.py",
            7,
        ),
    )


def test_what_could_happen_is_an_error_where_it_fails_the_command(checked, places):
    assert [one.level for one in told(checked, places, strict=True).notices][2] == "error"


def test_what_was_not_reached_is_told_where_it_fails_the_command(checked, places):
    object.__setattr__(checked, "unreached", (Unreached("limit", "pool db", "nobody waited"),))
    assert "never-reached" not in [one.code for one in told(checked, places).notices]
    for needed in ({"limit"}, {"all"}):
        last = told(checked, places, needed=needed).notices[-1]
        assert (last.code, last.sentence) == (
            "never-reached",
            "Never reached: pool db: pool db: nobody waited",
        )


def test_a_fingerprint_stays_when_lines_and_numbers_move(checked, places):
    fleet = checked.scenario.fleet

    def print_of(**changed: object) -> str:
        finding = Finding(code="WT113", title="t", summary="after 3 d", dag_id="etl", file="a.py")
        return notice_of(finding.model_copy(update=changed), fleet, places).fingerprint

    assert print_of() == print_of(line=9) == print_of(summary="after 45 d")
    others = [{"file": "b.py"}, {"code": "WT112"}, {"about": "etl.load_1"}, {"about": "etl.load_2"}]
    assert len({print_of(), *(print_of(**other) for other in others)}) == 5


def test_a_file_outside_of_the_repository_keeps_its_whole_path(tmp_path: Path):
    outside = Places(tmp_path / "repository", tmp_path / "dags")
    assert outside.file("etl.py") == (tmp_path / "dags" / "etl.py").resolve().as_posix()
    assert Places(tmp_path, None).file("etl.py") == "etl.py"
    assert Places(tmp_path, tmp_path).file(None) is None
