"""What cures trouble with data: each change simulated, and only those that help are named."""

from __future__ import annotations

from datetime import timedelta

from data_use import (
    MINUTE,
    START,
    append,
    does,
    every,
    scenario,
    work,
    write,
)
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Backfill,
    Dag,
    ExternalTaskSensor,
    HeartbeatLost,
    Pool,
    Resource,
    Rule,
    Step,
    Task,
    TaskFails,
)
from windtunnel.search import repair
from windtunnel.search.repair.limits import pool_set
from windtunnel.search.shrinking.timeline import timeline

T = Task(task_id="t")


def cures(code, *dags, **options):
    """What is named for the finding of this code: setting -> (before, after)."""
    given = scenario(*dags, **options)
    found = [one for one in detect(given, simulate(given)) if one.code == code]
    fixes = repair(given, found[0], seeds=2, known=found).fixes
    return {fix.setting: (fix.before, fix.after) for fix in fixes}


def test_runs_of_one_dag_are_kept_apart():
    slow = [does("etl.t", write("dim", 4))]
    assert cures("WT202", every(3, "etl", T), rules=slow, until=20) == {
        "max_active_runs of etl": ("the default", "1"),
        "max_active_tis_per_dag of etl.t": ("the default", "1"),
        "depends_on_past of etl.t": ("False", "True"),
        "lock around dim in etl.t": ("none", "lock:dim"),
        "what etl.t writes": ("dim", "dim/{run}"),
    }


def test_max_active_runs_is_not_named_where_it_does_not_help():
    """A backfill has a limit of its own."""
    dag = every(10, "etl", T, max_active_runs=1, catchup=False)
    before = START - timedelta(minutes=10)
    asked = Backfill(dag_id="etl", from_date=before, to_date=before, at_s=12 * MINUTE)
    slow = [does("etl.t", write("dim", 4))]
    found = cures("WT202", dag, rules=slow, backfills=(asked,), until=18)
    assert "max_active_tis_per_dag of etl.t" in found
    assert "max_active_runs of etl" not in found


def test_two_dags_share_one_pool():
    dags = [Dag(dag_id=name, tasks=(T,)) for name in ("a", "b")]
    options = {"rules": [does("*.t", write("x", 5))], "runs": [("a", 0), ("b", 1)]}
    assert cures("WT202", *dags, **options) == {
        "pool of a.t, b.t": ("default_pool", "one_at_a_time"),
        "lock around x in a.t, b.t": ("none", "lock:x"),
    }


def test_a_pool_in_which_they_would_wait_for_each_other_is_no_cure():
    """One writes while it waits for the other DAG, so that no other order is possible."""
    waits = Task(task_id="t", kind=ExternalTaskSensor(external_dag_id="b"))
    dags = Dag(dag_id="a", tasks=(waits,)), Dag(dag_id="b", tasks=(T,))
    rules = [does("a.t", write("x", 5)), does("b.t", write("x", 20))]
    assert not cures("WT202", *dags, rules=rules, until=600)


def test_a_process_that_was_given_up_meets_no_retry_if_there_is_none():
    dag = Dag(dag_id="etl", tasks=(Task(task_id="t", retries=2, retry_delay_s=0),))
    lost = HeartbeatLost(tasks="etl.t", tries=(1,))
    found = cures("WT202", dag, rules=[does("etl.t", write("x", 20))], faults=(lost,))
    assert found == {
        "retries of etl.t": ("2", "0"),
        "lock around x in etl.t": ("none", "lock:x"),
    }


def test_work_is_not_done_again_without_retries():
    dag = Dag(dag_id="etl", tasks=(Task(task_id="t", retries=1, retry_delay_s=0),))
    fails = TaskFails(tasks="etl.t", tries=(1,))
    rules = [does("etl.t", append("x", 5), work(1))]
    assert cures("WT204", dag, rules=rules, faults=(fails,)) == {
        "retries of etl.t": ("1", "0"),
        "what etl.t writes": ("x", "x/{run}"),
    }


def test_all_that_use_a_resource_share_one_pool():
    dags = [
        Dag(dag_id=name, tasks=tuple(Task(task_id=f"q{i}", pool=name) for i in range(2)))
        for name in ("etl", "bi")
    ]
    warehouse = {"warehouse": Resource(slots=3, when_full="exceed")}
    rules = [Rule(tasks="*", duration_s=600, needs={"warehouse": 1})]
    pools = {name: Pool(slots=2) for name in ("etl", "bi")}
    found = cures("WT211", *dags, rules=rules, resources=warehouse, pools=pools)
    assert found["pool of etl.q0, etl.q1, bi.q0, bi.q1"] == ("bi, etl", "at_most_3")
    steps = [does("*", Step(acquire="warehouse"), Step(defer_s=600), work(1))]
    found = cures("WT211", *dags, rules=steps, resources=warehouse, pools=pools)
    assert "pool of etl.q0, etl.q1, bi.q0, bi.q1" in found


def test_a_pool_that_is_small_enough_counts_what_is_deferred():
    dag = Dag(dag_id="etl", tasks=tuple(Task(task_id=f"q{i}", pool="db") for i in range(3)))
    options = {
        "rules": [does("*", Step(acquire="db"), Step(defer_s=600), Step(release="db"))],
        "resources": {"db": Resource(slots=2, when_full="exceed")},
        "pools": {"db": Pool(slots=2)},
    }
    given = scenario(dag, **options)
    (found,) = [one for one in detect(given, simulate(given)) if one.code == "WT211"]
    assert any("which is small enough (2) but for what is deferred" in n for n in found.notes)
    fixes = repair(given, found, seeds=0, known=[found]).fixes
    assert [fix.where for fix in fixes if fix.setting == "include_deferred of pool db"] == [
        "airflow pools set db 2 '' --include-deferred"
    ]


def test_catchup_makes_each_interval():
    dag = every(10, "etl", T, max_active_runs=1, catchup=False)
    slow = [Rule(tasks="etl.t", duration_s=25 * MINUTE)]
    found = cures("WT220", dag, rules=slow, until=80, every_run_matters=("etl",))
    assert found == {
        "max_active_runs of etl": ("1", "2"),
        "catchup of etl": ("False", "True"),
    }


def test_the_story_of_such_a_finding_ends_with_what_happens():
    fails = TaskFails(tasks="etl.t", tries=(1,))
    dag = Dag(dag_id="etl", tasks=(Task(task_id="t", retries=1, retry_delay_s=0),))
    given = scenario(dag, rules=[does("etl.t", append("x", 5), work(1))], faults=(fails,))
    trace = simulate(given)
    (finding,) = (one for one in detect(given, trace) if one.code == "WT204")
    assert timeline(given, trace, finding)[-1].what == "etl.t adds to x in try 2"


def test_two_dags_of_one_schedule_are_ordered_by_a_sensor():
    dags = [every(30, name, T, catchup=False) for name in ("a", "b")]
    found = cures("WT202", *dags, rules=[does("*.t", write("x", 5))], until=50)
    assert found["order of a.t, b.t"] == ("none", "an ExternalTaskSensor for t before t")
    others = every(30, "a", T, catchup=False), every(15, "b", T, catchup=False)
    found = cures("WT202", *others, rules=[does("*.t", write("x", 5))], until=50)
    assert found
    assert not [setting for setting in found if setting.startswith("order of")]


def test_a_run_that_dagrun_timeout_fails_gets_longer():
    dag = Dag(dag_id="etl", tasks=(T,), dagrun_timeout_s=10 * MINUTE)
    slow = [does("etl.t", write("fact", 10.25))]
    options = {"rules": slow, "every_run_matters": ("etl",), "min_heartbeat_interval_s": 45}
    assert cures("WT223", dag, **options)["dagrun_timeout of etl"] == ("600 s", "1200 s")


def test_the_command_that_sizes_a_pool_can_be_pasted_whatever_the_pool_is_called():
    assert pool_set("big queries", 3) == "airflow pools set 'big queries' 3 ''"
    assert pool_set("db", 3) == "airflow pools set db 3 ''"
