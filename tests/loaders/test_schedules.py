"""Schedules: every way to write one comes to the same few values."""

import pytest

from windtunnel.model import Cron, Every, Once, OtherSchedule

IMPORTS = """\
from datetime import timedelta
from dateutil.relativedelta import relativedelta
from airflow import DAG
from airflow.datasets import Dataset
from airflow.sdk import Asset, AssetOrTimeSchedule
from airflow.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable, DeltaTriggerTimetable
from airflow.timetables.base import Timetable
from airflow.timetables.events import EventsTimetable

class Workdays(Timetable):
    pass

"""


@pytest.fixture
def schedule(repository):
    def schedule(arguments, **options):
        text = IMPORTS + f"dag = DAG('d', {arguments})\n"
        return repository.dag(text, **options).schedule

    return schedule


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("schedule=None", None),
        ("schedule_interval=None", None),
        ("timetable=None, schedule='@once'", Once()),
        ("schedule_interval='@daily'", Cron(expression="@daily")),
        ("schedule='0 6 * * 1-5'", Cron(expression="0 6 * * 1-5")),
        ("schedule=timedelta(hours=6)", Every(seconds=21600)),
        ("schedule=relativedelta(days=+2)", Every(seconds=172800)),
        (
            "schedule=CronDataIntervalTimetable('@daily', timezone='Europe/Paris')",
            Cron(expression="@daily", timezone="Europe/Paris", timetable="interval"),
        ),
        (
            "timetable=CronTriggerTimetable('0 1 * * *', timezone='UTC')",
            Cron(expression="0 1 * * *", timezone="UTC", timetable="trigger"),
        ),
        (
            "schedule=DeltaDataIntervalTimetable(timedelta(minutes=5))",
            Every(seconds=300, timetable="interval"),
        ),
        (
            "schedule=DeltaTriggerTimetable(delta=timedelta(minutes=5))",
            Every(seconds=300, timetable="trigger"),
        ),
        (
            "schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable('@daily', timezone='UTC'),"
            " assets=[Asset('a')])",
            Cron(expression="@daily", timezone="UTC", timetable="trigger"),
        ),
    ],
)
def test_a_schedule_in_time_is_understood(schedule, written, value):
    assert schedule(written) == value


@pytest.mark.parametrize(
    ("written", "description"),
    [
        ("schedule=[Dataset('s3://x'), Dataset('s3://y')]", "assets (s3://x/ & s3://y/)"),
        ("schedule=(Asset('a') & Asset('b')) | Asset('c')", "assets ((a & b) | c)"),
    ],
)
def test_assets_are_a_schedule_of_which_nothing_is_assumed(repository, written, description):
    fleet = repository.load(IMPORTS + f"dag = DAG('d', {written})\n").fleet

    assert fleet.dag("d").schedule == OtherSchedule(description=description, timetable="assets")
    assert fleet.dag("d").awaited is not None
    assert fleet.assumptions == ()


def test_of_aliases_and_watchers_it_is_said_what_is_assumed(repository):
    text = (
        "from airflow.operators.empty import EmptyOperator\n"
        "from airflow.sdk import AssetAlias\n"
        "asset = Asset('x', watchers=[object()])\n"
        "with DAG('d', schedule=[asset, AssetAlias('y')]):\n"
        "    EmptyOperator(task_id='t', outlets=[AssetAlias('z')])\n"
    )
    said = {a.subject: a.assumed for a in repository.load(IMPORTS + text).fleet.assumptions}
    told = " ".join(a.assumed for a in repository.load(IMPORTS + text).fleet.assumptions)

    assert set(said) == {"dag d", "task d.t"}
    assert "asset alias z is taken as an asset" in said["task d.t"]
    assert "watchers of asset x are not simulated" in told
    assert "asset alias y" in told


@pytest.mark.parametrize(
    ("written", "description"),
    [
        ("schedule='@continuous', max_active_runs=1", "@continuous"),
        ("schedule=relativedelta(months=1)", "relativedelta(months=+1)"),
        ("schedule=Workdays()", "Workdays"),
        ("schedule=EventsTimetable(event_dates=[])", "EventsTimetable"),
    ],
)
def test_any_other_schedule_is_kept_by_name_and_said_to_be_assumed(
    repository, written, description
):
    fleet = repository.load(IMPORTS + f"dag = DAG('d', {written})\n").fleet
    schedule = fleet.dag("d").schedule
    assert isinstance(schedule, OtherSchedule)
    assert schedule.description == description
    assert [a.subject for a in fleet.assumptions] == ["dag d"]


def test_a_schedule_left_out_is_daily_in_airflow_2_and_none_in_airflow_3(schedule):
    assert schedule("tags=['x']") is None
    assert schedule("tags=['x']", profile="airflow-2.11") == Every(seconds=86400)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("schedule='every day'", "neither a cron expression"),
        ("schedule='61 * * * *'", "neither a cron expression"),
        ("schedule=timedelta(0)", "longer than nothing"),
        ("schedule=5", "can't be used"),
    ],
)
def test_a_schedule_that_makes_no_sense_leaves_its_dag_out_with_a_reason(repository, written, said):
    fleet = repository.load(IMPORTS + f"dag = DAG('d', {written})\n").fleet
    (problem,) = fleet.problems
    assert (problem.cause, problem.dag_id, problem.line) == ("value", "d", 14)
    assert said in problem.message
