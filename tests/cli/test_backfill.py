"""``windtunnel backfill``: the sheet in words and for programs, and what it refuses."""

from __future__ import annotations

import json

import pytest

from windtunnel.sweep import closing

RANGE = ("--from", "2026-01-10", "--to", "2026-01-20", "--start", "2026-03-01")


@pytest.fixture
def dags(write):
    write("etl.py")
    write("hourly.py", dag_id="hourly")


def test_the_sheet_fits_80_columns_and_names_the_best(cli, dags) -> None:
    told = cli("backfill", "dags", "etl", *RANGE)
    assert told.code == 0
    assert "Backfill of etl, 2026-01-10 to 2026-01-20: 11 dag runs" in told.out
    assert "Best: max_active_runs" in told.out
    assert max(map(len, told.out.splitlines())) <= 80


def test_dates_that_airflow_passes_over_are_told(cli, dags) -> None:
    dates = ("--from", "2026-02-20", "--to", "2026-03-05", "--start", "2026-03-01")
    told = cli("backfill", "dags", "etl", *dates)
    said = " ".join(told.out.split())
    assert "2026-02-20 to 2026-03-05: 9 dag runs 5 more dates of this range are not over" in said
    assert "(2026-03-01 00:00:00 UTC): Airflow passes over" in said
    asked = "etl from 2026-02-20 to 2026-03-05"
    told = cli("run", "dags", "--from", "2026-03-01", "--for", "1d", "--backfill", asked)
    assert "dates that are not over when it is asked for" in " ".join(told.out.split())


def test_programs_get_the_same(cli, dags) -> None:
    told = cli("backfill", "dags", "etl", *RANGE, "--max-active-runs", "1,3", "--format", "json")
    sheet = json.loads(told.out)
    assert [one["max_active_runs"] for one in sheet["filled"]] == [1, 3]
    assert sheet["runs"] == 11
    assert sheet["best"] == 3
    assert sheet["filled"][0]["makespan_s"]["value"] > sheet["filled"][1]["makespan_s"]["value"]


def test_the_sheet_is_the_same_with_several_workers(cli, dags, tmp_path) -> None:
    (tmp_path / "behavior.toml").write_text(
        '[[rules]]\ntasks = "*"\nduration = { median = "20m", sigma = 0.8 }\n'
    )
    asked = ("backfill", "dags", "etl", *RANGE, "--behavior", "behavior.toml", "--simulations", 4)
    alone = cli(*asked, "--format", "json")
    with closing():
        together = cli(*asked, "--format", "json", "--workers", 2)
    assert (alone.code, together.err) == (0, "")
    assert together.out == alone.out
    sheet = json.loads(alone.out)
    assert sheet["simulations"] == 4 * (1 + len(sheet["filled"]))


def test_the_dag_alone_is_looked_for_where_people_keep_dags(cli, dags, tmp_path) -> None:
    named = cli("backfill", "dags", "etl", *RANGE)
    alone = cli("backfill", "etl", *RANGE)
    assert (alone.code, alone.out) == (named.code, named.out)
    assert (named.err, alone.err) == ("", "windtunnel: etl: taken as a DAG of dags\n")
    (tmp_path / "dags").rename(tmp_path / "flows")
    (tmp_path / "windtunnel.toml").write_text('dags = "flows"\nstart = 2026-03-01\n')
    said = cli("backfill", "etl", *RANGE[:4])
    assert (said.out, said.err) == (named.out, "windtunnel: etl: taken as a DAG of flows\n")


def test_a_name_that_is_a_dag_and_a_folder_is_taken_as_the_dag(cli, dags, tmp_path) -> None:
    (tmp_path / "etl").mkdir()
    told = cli("backfill", "etl", *RANGE)
    assert told.code == 0
    assert "etl: taken as a DAG of dags; to fill one of etl itself" in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dags",), "dags: which of its DAGs? Write windtunnel backfill dags DAG"),
        (("dags", "etl", "hourly"), "dags etl hourly: write [TARGET] DAG"),
        (("nobody",), "the fleet has: etl, hourly"),
    ],
)
def test_a_name_too_few_or_too_many_is_told(cli, dags, arguments, said) -> None:
    told = cli("backfill", *arguments, *RANGE)
    assert (told.code, told.out) == (2, "")
    assert said in " ".join(told.err.split())


def test_where_there_are_no_dags_a_target_is_asked_for(cli) -> None:
    told = cli("backfill", "etl", *RANGE)
    assert told.code == 2
    assert "write windtunnel backfill TARGET etl" in " ".join(told.err.split())


def test_hours_of_a_day_are_told_and_a_run_that_does_not_land_any_more(cli, dags, tmp_path):
    (tmp_path / "one.toml").write_text("parallelism = 1\n")
    (tmp_path / "long.toml").write_text('[[rules]]\ntasks = "etl.*"\nduration = "10h"\n')
    more = ("--max-active-runs", "8", "--cluster", "one.toml", "--behavior", "long.toml")
    hours = ("--from", "2026-01-10T06:00", "--to", "2026-01-20T18:00", "--start", "2026-03-01")
    told = cli("backfill", "dags", "etl", *hours, *more, "--for", "1d")
    assert "Backfill of etl, 2026-01-10 06:00 to 2026-01-20 18:00: 10 dag runs" in told.out
    assert "never at worst" in told.out


def test_where_no_value_is_mild_enough_the_exit_code_says_it(cli, dags, tmp_path) -> None:
    (tmp_path / "one.toml").write_text("parallelism = 1\n")
    late = (*RANGE, "--at", "+23h50m", "--max-active-runs", "8", "--later", "0s", "--for", "2d")
    told = cli("backfill", "dags", "etl", *late, "--cluster", "one.toml")
    assert told.code == 1
    assert "None of these ends without" in told.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody", *RANGE), "the fleet has: etl, hourly"),
        (("etl", *RANGE, "--max-active-runs", "0,4"), "write numbers of runs"),
        (("etl", *RANGE, "--max-active-runs", "many"), "write numbers of runs"),
        (("etl", *RANGE, "--later", "soon"), "--later"),
        (("etl", *RANGE, "--backend", "spark"), "there is none of this name"),
        (("etl", "--from", "2026-01-20", "--to", "2026-01-10"), "from_date is after to_date"),
        (("etl", "--from", "yesterday", "--to", "2026-01-10"), "yesterday"),
    ],
)
def test_what_can_not_be_used_is_told(cli, dags, arguments, said) -> None:
    told = cli("backfill", "dags", *arguments)
    assert told.code == 2
    assert said in " ".join(told.err.split())
    assert "Traceback" not in told.err
