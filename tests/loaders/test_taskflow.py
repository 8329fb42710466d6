"""TaskFlow: @dag, @task, @task_group and mapping give the tasks and edges that Airflow makes."""

import pytest


def edges(dag):
    return {task.task_id: set(task.upstream) for task in dag.tasks}


def test_results_passed_to_tasks_make_edges_wherever_they_are_in_the_arguments(repository):
    dag = repository.dag(
        """
        from airflow.decorators import dag, task
        from airflow.operators.bash import BashOperator

        @dag(schedule=None, default_args={"retries": 2})
        def flow():
            @task
            def make(): ...
            @task(retries=0)
            def use(*args, **kwargs): ...

            use(make(), [make()], deep={"a": [make()["key"]]}, text=f"{make()}")
            BashOperator(task_id="bash", bash_command=make(), doc=make())

        flow()
        """
    )
    assert dag.dag_id == "flow"
    assert edges(dag)["use"] == {"make", "make__1", "make__2"}
    # f-strings make no edge, and neither does an argument that is no template field.
    assert edges(dag)["bash"] == {"make__4"}
    assert (dag.task("make").retries, dag.task("use").retries) == (2, 0)


def test_a_dag_function_that_is_never_called_makes_no_dag(repository):
    fleet = repository.load("from airflow.sdk import dag\n\n@dag\ndef airflow_dag(): ...\n").fleet
    assert [p.cause for p in fleet.problems] == ["empty"]


def test_every_variant_of_task_has_its_kind(repository):
    dag = repository.dag(
        """
        from airflow.sdk import DAG, task

        with DAG("d", schedule=None):
            for variant in ["python", "branch", "short_circuit", "virtualenv", "bash", "docker",
                            "branch_virtualenv", "nobody_knows"]:
                getattr(task, variant)(task_id=variant)(lambda: None)()
            task.sensor(poke_interval=5, mode="reschedule", timeout=60)(lambda: True).override(
                task_id="sensor")()
        """
    )
    kinds = {t.task_id: t.kind.type for t in dag.tasks}
    assert kinds == {
        "python": "work",
        "branch": "branch",
        "short_circuit": "short_circuit",
        "virtualenv": "work",
        "bash": "work",
        "docker": "work",
        "branch_virtualenv": "branch",
        "nobody_knows": "work",
        "sensor": "sensor",
    }
    sensor = dag.task("sensor").kind
    assert (sensor.mode, sensor.poke_interval_s, sensor.timeout_s) == ("reschedule", 5, 60)
    assert dag.task("branch").operator == "@task.branch"


def test_mapping_over_literals_and_results_is_kept_as_lengths_and_sources(repository):
    dag = repository.dag(
        """
        from airflow.operators.bash import BashOperator
        from airflow.sdk import DAG, task

        with DAG("d", schedule=None):
            @task
            def numbers(): ...
            @task
            def add(x, y=0, z=0): ...

            add.partial(z=3).expand(x=[1, 2, 3], y=numbers())
            add.override(task_id="sets").expand_kwargs([{"x": 1}, {"x": 2}])
            add.override(task_id="over").expand(x=numbers().map(lambda n: n))
            BashOperator.partial(task_id="bash", retries=4).expand(bash_command=["a", "b"])
        """
    )
    assert dag.task("add").expand == (3, "numbers")
    assert dag.task("sets").expand == (2,)
    assert dag.task("over").expand == ("numbers__1",)
    assert dag.task("over").upstream == ("numbers__1",)
    assert (dag.task("bash").expand, dag.task("bash").retries) == ((2,), 4)
    assert dag.task("bash").operator == "BashOperator"
    assert dag.task("numbers").expand is None


def test_a_mapped_operator_keeps_the_kind_and_arguments_of_its_class(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.trigger_dagrun import TriggerDagRunOperator
        from airflow.sensors.filesystem import FileSensor

        with DAG("d", schedule=None, default_args={"mode": "reschedule"}):
            FileSensor.partial(task_id="files", timeout=9).expand(filepath=["a", "b"])
            TriggerDagRunOperator.partial(
                task_id="trigger", trigger_dag_id="x", wait_for_completion=True
            ).expand(conf=[{}, {}])
        """
    )
    assert dag.task("files").kind.mode == "reschedule"
    assert dag.task("files").kind.timeout_s == 9
    assert dag.task("trigger").kind.trigger_dag_id == "x"
    assert dag.task("trigger").kind.wait_for_completion


def test_a_mapped_group_is_mapped_once_and_its_tasks_depend_on_what_it_is_mapped_over(repository):
    dag = repository.dag(
        """
        from airflow.decorators import task, task_group
        from airflow.models import DAG

        with DAG("d", schedule=None):
            @task
            def files(): ...
            @task
            def read(x): ...
            @task
            def write(x): ...

            @task_group
            def each(file, mode):
                write(read(file))

            each.partial(mode="r").expand(file=files())
            each.override(group_id="two").partial(mode="r").expand(file=["a", "b"])
        """
    )
    groups = {g.group_id: g.expand for g in dag.groups}
    assert groups == {"each": ("files",), "two": (2,)}
    assert edges(dag)["each.read"] == {"files"}
    assert edges(dag)["each.write"] == {"each.read"}
    assert dag.task("each.read").expand is None
    assert dag.task("two.write").group == "two"


def test_a_group_function_called_twice_makes_two_groups(repository):
    dag = repository.dag(
        """
        from airflow.sdk import dag, task, task_group

        @task
        def step(): ...

        @task_group
        def group():
            step()

        @dag(schedule=None)
        def d():
            group() >> group()

        d()
        """
    )
    assert [t.task_id for t in dag.tasks] == ["group.step", "group__1.step"]
    assert dag.task("group__1.step").upstream == ("group.step",)


@pytest.mark.parametrize("wrong", ["expand(x='abc')", "expand(x=3)", "expand()"])
def test_mapping_over_what_has_no_items_is_a_problem_with_its_line(repository, wrong):
    fleet = repository.load(
        f"""
        from airflow.sdk import DAG, task
        with DAG("d", schedule=None):
            task(lambda x: x).{wrong}
        """
    ).fleet
    (problem,) = fleet.problems
    assert (problem.file, problem.line) == ("dags.py", 4)
