"""Classic authoring: DAGs, operators, default_args, groups and edges come out as in Airflow."""

from datetime import UTC, datetime

import pytest

from windtunnel.model import Every, TriggerRule, WeightRule


def edges(dag):
    return {task.task_id: set(task.upstream) for task in dag.tasks}


def test_the_simple_dag_that_people_wrote_for_airflow_2_loads(repository):
    dag = repository.dag(
        """
        from datetime import datetime
        from airflow import DAG
        from airflow.operators.python import PythonOperator

        def my_task():
            print("Executing my_task")

        dag = DAG("my_simple_dag", start_date=datetime(2023, 1, 1), schedule_interval=None,
                  catchup=False)
        my_task_id = PythonOperator(task_id="my_task_id", python_callable=my_task, dag=dag)
        """
    )
    assert dag.dag_id == "my_simple_dag"
    assert dag.schedule is None
    assert dag.catchup is False
    assert dag.start_date == datetime(2023, 1, 1, tzinfo=UTC)
    assert (dag.file, dag.line) == ("dags.py", 9)
    (task,) = dag.tasks
    assert (task.task_id, task.operator, task.line) == ("my_task_id", "PythonOperator", 11)


@pytest.mark.parametrize(
    "imports",
    [
        "from airflow import DAG\nfrom airflow.operators.dummy_operator import DummyOperator as E",
        "from airflow.models import DAG\nfrom airflow.operators.empty import EmptyOperator as E",
        "from airflow.models.dag import DAG\n"
        "from airflow.operators.dummy import DummyOperator as E",
        "from airflow.sdk import DAG\n"
        "from airflow.providers.standard.operators.empty import EmptyOperator as E",
        "import airflow\nimport airflow.operators.empty\nDAG = airflow.DAG\n"
        "E = airflow.operators.empty.EmptyOperator",
        "from airflow import models, operators\n"
        "DAG = models.DAG\nE = operators.empty.EmptyOperator",
    ],
)
def test_import_paths_of_every_airflow_give_the_same_dag(repository, imports):
    dag = repository.dag(imports + '\nwith DAG("d", schedule=None):\n    E(task_id="t")\n')
    assert dag.tasks[0].kind.type == "empty"


def test_default_args_go_from_dag_to_group_to_task_and_the_innermost_wins(repository):
    dag = repository.dag(
        """
        from datetime import timedelta
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        from airflow.utils.task_group import TaskGroup

        defaults = {"retries": 1, "pool": "dag", "queue": "dag", "owner": "me",
                    "retry_delay": timedelta(minutes=1), "nonsense": 3}
        with DAG("d", schedule=None, default_args=defaults) as dag:
            with TaskGroup("g", default_args={"pool": "group", "queue": "group"}):
                EmptyOperator(task_id="inner", queue="task")
            EmptyOperator(task_id="outer", default_args={"retries": 7})
        """
    )
    inner, outer = dag.task("g.inner"), dag.task("outer")
    assert (inner.retries, inner.pool, inner.queue, inner.retry_delay_s) == (1, "group", "task", 60)
    assert (outer.retries, outer.pool, outer.queue) == (7, "dag", "dag")


def test_default_args_reach_the_own_arguments_of_a_class_in_the_dag_file(repository):
    dag = repository.dag(
        """
        from airflow.models import BaseOperator, DAG
        from airflow.utils.decorators import apply_defaults

        class Mine(BaseOperator):
            template_fields = ("table",)

            @apply_defaults
            def __init__(self, table, retries=4, *args, **kwargs):
                super().__init__(retries=retries, pool=f"pool_of_{table}", *args, **kwargs)

        with DAG("d", schedule=None, default_args={"table": "x"}):
            Mine(task_id="own")
            Mine(task_id="given", default_args={"retries": 2}, table="y")
        """
    )
    own, given = dag.tasks
    assert (own.operator, own.retries, own.pool) == ("Mine", 4, "pool_of_x")
    assert (given.retries, given.pool) == (2, "pool_of_y")


def test_a_task_attached_to_its_dag_by_an_edge_gets_no_default_args(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.bash import BashOperator

        late = BashOperator(task_id="late", bash_command="true")
        with DAG("d", schedule=None, default_args={"retries": 3}):
            BashOperator(task_id="early", bash_command="true") >> late
        """
    )
    assert [(t.task_id, t.retries) for t in dag.tasks] == [("early", 3), ("late", 0)]


def test_an_argument_set_after_creation_counts(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.bash import BashOperator

        with DAG("d", schedule=None):
            t = BashOperator(task_id="t", bash_command="true")
        t.retries = 5
        t.trigger_rule = "all_done"
        """
    )
    assert (dag.tasks[0].retries, dag.tasks[0].trigger_rule) == (5, TriggerRule.ALL_DONE)


def test_all_ways_to_write_an_edge_mean_the_same(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.models.baseoperator import chain, chain_linear, cross_downstream
        from airflow.operators.empty import EmptyOperator
        from airflow.utils.edgemodifier import Label

        with DAG("d", schedule=None):
            a, b, c, d, e, f, g, h = [EmptyOperator(task_id=x) for x in "abcdefgh"]
            a >> [b, c] >> d
            e << d
            f.set_upstream([e])
            f.set_downstream(g)
            a >> Label("labelled") >> h
            [b, c] >> Label("both") >> h
            chain([b, c], [e, f])
            chain_linear(a, [e, f])
            cross_downstream([b], [g, h])
        """
    )
    assert edges(dag) == {
        "a": set(),
        "b": {"a"},
        "c": {"a"},
        "d": {"b", "c"},
        "e": {"d", "b", "a"},
        "f": {"e", "c", "a"},
        "g": {"f", "b"},
        "h": {"a", "b", "c"},
    }


def test_an_edge_to_a_group_reaches_its_roots_and_one_from_it_leaves_its_leaves(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        from airflow.utils.task_group import TaskGroup

        with DAG("d", schedule=None):
            start, end = EmptyOperator(task_id="start"), EmptyOperator(task_id="end")
            with TaskGroup("outer") as outer:
                a = EmptyOperator(task_id="a")
                with TaskGroup("inner") as inner:
                    EmptyOperator(task_id="b")
                with TaskGroup("bare", prefix_group_id=False):
                    EmptyOperator(task_id="c")
                a >> inner
            start >> outer >> end
        """
    )
    assert edges(dag) == {
        "start": set(),
        "end": {"outer.inner.b", "c"},
        "outer.a": {"start"},
        "outer.inner.b": {"outer.a"},
        "c": {"start"},
    }
    assert [(g.group_id, g.parent) for g in dag.groups] == [
        ("outer", None),
        ("outer.inner", "outer"),
        ("outer.bare", "outer"),
    ]
    assert dag.task("c").group == "outer.bare"


def test_tasks_keep_the_order_in_which_they_were_created(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator

        with DAG("d", schedule=None):
            for name in ["z", "a", "m"]:
                EmptyOperator(task_id=name)
        """
    )
    assert [t.task_id for t in dag.tasks] == ["z", "a", "m"]


def test_the_limits_of_a_dag_and_a_task_are_taken_under_old_and_new_names(repository):
    dag = repository.dag(
        """
        from datetime import datetime, timedelta
        from airflow import DAG
        from airflow.operators.bash import BashOperator

        with DAG("d", schedule=timedelta(hours=2), start_date=datetime(2026, 1, 1),
                 concurrency=3, max_active_runs=1, dagrun_timeout=timedelta(hours=1),
                 tags=["b", "a"], is_paused_upon_creation=True):
            BashOperator(task_id="t", bash_command="true", task_concurrency=2, pool_slots=3,
                         priority_weight=9, weight_rule="absolute", wait_for_downstream=True,
                         retries=2, retry_exponential_backoff=True, retry_delay=30,
                         max_retry_delay=timedelta(minutes=5), trigger_rule="dummy",
                         execution_timeout=timedelta(minutes=1),
                         end_date=datetime(2026, 2, 1), start_date=datetime(2026, 1, 15))
        """
    )
    assert dag.schedule == Every(seconds=7200)
    assert (dag.max_active_tasks, dag.max_active_runs, dag.dagrun_timeout_s) == (3, 1, 3600)
    assert (dag.tags, dag.is_paused) == (("a", "b"), True)
    (task,) = dag.tasks
    assert (task.max_active_tis_per_dag, task.pool_slots, task.priority_weight) == (2, 3, 9)
    assert task.weight_rule == WeightRule.ABSOLUTE
    assert (task.wait_for_downstream, task.depends_on_past) == (True, True)
    assert (task.retries, task.retry_exponential_backoff) == (2, 2.0)
    assert (task.retry_delay_s, task.max_retry_delay_s, task.execution_timeout_s) == (30, 300, 60)
    assert task.trigger_rule == TriggerRule.ALWAYS
    assert task.start_date == datetime(2026, 1, 15, tzinfo=UTC)
    # Every task ends, so the DAG does.
    assert (task.end_date, dag.end_date) == (None, datetime(2026, 2, 1, tzinfo=UTC))


def test_rules_that_airflow_refuses_leave_the_dag_out_with_a_reason(repository):
    fleet = repository.load(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator

        with DAG("fast", schedule=None, fail_stop=True):
            EmptyOperator(task_id="t")
        with DAG("too_fast", schedule=None, fail_stop=True):
            EmptyOperator(task_id="t", trigger_rule="all_done")
        with DAG("after_setup", schedule=None):
            EmptyOperator(task_id="s").as_setup() >> EmptyOperator(
                task_id="t", trigger_rule="always")
        """
    ).fleet
    assert [(d.dag_id, d.fail_fast) for d in fleet.dags] == [("fast", True)]
    assert [p.dag_id for p in fleet.problems] == ["too_fast", "after_setup"]
    assert "fail_fast" in fleet.problems[0].message
    assert "setup task 's'" in fleet.problems[1].message


def test_a_naive_start_date_is_utc_and_an_aware_one_gives_the_dag_its_timezone(repository):
    dag = repository.dag(
        """
        import pendulum
        from datetime import datetime
        from airflow import DAG

        DAG_ = DAG("d", schedule="@daily", end_date=datetime(2026, 7, 2),
                   start_date=pendulum.datetime(2026, 7, 1, tz="Europe/Paris"))
        """
    )
    assert dag.timezone == "Europe/Paris"
    assert dag.start_date == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert dag.end_date == datetime(2026, 7, 1, 22, tzinfo=UTC)


def test_a_start_date_in_default_args_starts_the_dag_without_narrowing_its_tasks(repository):
    dag = repository.dag(
        """
        from datetime import datetime
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator

        with DAG("d", schedule="@daily", default_args={"start_date": "2026-01-02"}):
            EmptyOperator(task_id="t")
        """
    )
    assert dag.start_date == datetime(2026, 1, 2, tzinfo=UTC)
    assert dag.tasks[0].start_date is None


def test_dags_are_found_at_module_level_in_globals_and_when_a_with_block_names_none(repository):
    loaded = repository.load(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator

        def make(name):
            with DAG(name, schedule=None):
                EmptyOperator(task_id="t")

        def hidden():
            return DAG("hidden", schedule=None)

        def returned(name):
            return DAG(name, schedule=None)

        make("registered")
        hidden()
        for number in range(2):
            globals()[f"dag_{number}"] = returned(f"made_{number}")
        """
    )
    assert sorted(d.dag_id for d in loaded.fleet.dags) == ["made_0", "made_1", "registered"]


def test_setup_and_teardown_enclose_what_is_created_between_them(repository):
    dag = repository.dag(
        """
        from airflow.sdk import DAG, setup, task, teardown

        with DAG("d", schedule=None):
            @setup
            def create(): ...
            @teardown
            def delete(): ...
            @task
            def work(): ...

            made, gone = create(), delete()
            made >> gone
            with gone:
                work()
            other = work()
            other.as_teardown(setups=made, on_failure_fail_dagrun=True)
        """
    )
    assert dag.task("create").is_setup
    assert dag.task("delete").is_teardown
    assert dag.task("delete").trigger_rule == TriggerRule.ALL_DONE_SETUP_SUCCESS
    assert dag.task("work__1").on_failure_fail_dagrun
    assert edges(dag) == {
        "create": set(),
        "delete": {"create", "work"},
        "work": {"create"},
        "work__1": {"create"},
    }


def test_a_group_with_a_trailing_teardown_lets_others_go_before_it(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator as E
        from airflow.utils.task_group import TaskGroup

        with DAG("d", schedule=None):
            with TaskGroup("g") as g:
                E(task_id="s") >> E(task_id="w") >> E(task_id="t").as_teardown(setups=[])
            g >> E(task_id="after")
        """
    )
    assert dag.task("after").upstream == ("g.w",)


def test_modules_of_the_repository_are_imported_and_operators_in_them_keep_the_line_of_the_dag_file(
    repository,
):
    repository.write(
        "common/factory.py",
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator

        def make(name):
            with DAG(name, schedule=None) as dag:
                EmptyOperator(task_id="t")
            return dag
        """,
    )
    repository.write(
        "a_dag.py", "# an airflow dag\nfrom common.factory import make\n\nd = make('d')\n"
    )
    fleet = repository.load().fleet
    assert fleet.problems == ()
    (dag,) = fleet.dags
    assert (dag.file, dag.line, dag.tasks[0].line) == ("a_dag.py", 4, 4)


def test_a_plugins_folder_beside_the_dags_folder_can_be_imported_from(repository):
    repository.write("plugins/mine/ops.py", "from airflow.models import BaseOperator as Base\n")
    repository.write(
        "dags/d.py",
        """
        from airflow import DAG
        from mine.ops import Base

        class Op(Base):
            pass

        with DAG("d", schedule=None):
            Op(task_id="t")
        """,
    )
    (dag,) = repository.load().fleet.dags
    assert dag.tasks[0].operator == "Op"


def test_a_mixin_between_a_class_and_its_operator_passes_arguments_on(repository):
    dag = repository.dag(
        """
        from abc import ABC
        from airflow import DAG
        from airflow.operators.bash import BashOperator
        from airflow.utils.log.logging_mixin import LoggingMixin
        from no_such_library import MissingMixin

        class Retrying(LoggingMixin, ABC):
            def __init__(self, tries=5, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.tries = tries

        class One(Retrying, BashOperator):
            pass

        class Other(MissingMixin, BashOperator):
            pass

        with DAG("d", schedule=None):
            One(task_id="one", bash_command="true", retries=2).log
            Other(task_id="other", bash_command="true", retries=3)
        """
    )
    assert [(t.task_id, t.retries) for t in dag.tasks] == [("one", 2), ("other", 3)]
