"""Bodies: what is needed to run a task's Python function for real."""

import pytest

from windtunnel.loaders import GroupItem, MappedItems, ResultOf
from windtunnel.loaders.standin import exceptions, task_context


def test_a_python_operator_has_its_function_and_arguments(repository):
    loaded = repository.load(
        """
        from airflow import DAG
        from airflow.operators.bash import BashOperator
        from airflow.operators.python import (
            BranchPythonOperator, PythonOperator, ShortCircuitOperator)
        from airflow.sensors.python import PythonSensor

        def add(*args, **kwargs):
            return sum(args) + sum(kwargs.values())

        with DAG("d", schedule=None):
            PythonOperator(task_id="t", python_callable=add, op_args=[1, 2], op_kwargs={"x": 3})
            PythonOperator(task_id="templated", python_callable=add,
                           op_args=["{{ ds }}"], op_kwargs={"a": ["{{ ts }}"], "b": "plain"})
            BranchPythonOperator(task_id="branch", python_callable=add)
            ShortCircuitOperator(task_id="short", python_callable=add)
            PythonSensor(task_id="sensor", python_callable=add)
            BashOperator(task_id="bash", bash_command="true")
        """
    )
    bodies = {task_id: body for (_, task_id), body in loaded.callables.items()}
    body = bodies["t"]
    assert body.function(*body.args, **body.kwargs) == 6
    assert bodies["templated"].args == ("{{ ds }}",)
    assert bodies["templated"].task.dag.dag_id == "d"
    assert {name: body.kind for name, body in bodies.items()} == {
        "t": "python",
        "templated": "python",
        "branch": "branch",
        "short": "short_circuit",
        "sensor": "sensor",
        "bash": "none",
    }


def test_results_of_other_tasks_are_named_however_deep_they_lie(repository):
    loaded = repository.load(
        """
        from airflow.sdk import dag, task, task_group

        @dag(schedule=None)
        def d():
            @task
            def make(): ...
            @task
            def use(*args, **kwargs): ...
            @task_group
            def each(item):
                use.override(task_id="inside")(item)

            made = make()
            use(made, {"deep": [made["key"]]}, plain=1)
            use.override(task_id="mapped").partial(y=made).expand(x=made.map(str), z=[1, 2])
            use.override(task_id="sets").expand_kwargs(made)
            each.expand(item=made)

        d()
        """
    )
    bodies = {task_id: body for (_, task_id), body in loaded.callables.items()}
    assert bodies["use"].args == (ResultOf("make"), {"deep": [ResultOf("make", "key")]})
    assert bodies["use"].kwargs == {"plain": 1}
    assert bodies["mapped"].kwargs == {"y": ResultOf("make")}
    assert bodies["mapped"].expand == {"x": MappedItems(ResultOf("make"), str), "z": [1, 2]}
    assert bodies["sets"].expand_kwargs == ResultOf("make")
    item = GroupItem("each", "item", {"item": ResultOf("make")})
    assert bodies["each.inside"].args == (item,)


def test_airflow_and_modules_of_the_repository_can_be_imported_while_a_body_runs(repository):
    repository.write("mine_for_bodies.py", "answer = 42\n")
    loaded = repository.load(
        """
        from airflow.decorators import dag, task

        @dag(schedule=None)
        def d():
            @task
            def body():
                from airflow.exceptions import AirflowSkipException
                from airflow.operators.python import get_current_context
                from mine_for_bodies import answer
                if get_current_context()["ds"] == "2026-01-01":
                    raise AirflowSkipException(f"answer {answer}")

            body()

        d()
        """
    )
    body = loaded.callables["d", "body"]
    with (
        loaded.importable(),
        task_context({"ds": "2026-01-01"}),
        pytest.raises(exceptions.AirflowSkipException, match="answer 42"),
    ):
        body.function()


def test_a_class_that_adds_to_what_airflow_does_cannot_run(repository):
    loaded = repository.load(
        """
        from airflow import DAG
        from airflow.operators.python import PythonOperator

        class Wrapped(PythonOperator):
            def execute(self, context):
                return super().execute(context)

        with DAG("d", schedule=None):
            Wrapped(task_id="t", python_callable=print)
        """
    )
    assert loaded.callables["d", "t"].kind == "none"


def test_an_operator_that_is_all_the_repositorys_own_runs_by_its_own_method(repository):
    loaded = repository.load(
        """
        from airflow.sdk import DAG, BaseOperator, BaseSensorOperator

        class Add(BaseOperator):
            template_fields = ("left",)
            def __init__(self, left, **kwargs):
                super().__init__(**kwargs)
                self.left = left
            def execute(self, context):
                return self.left

        class Hand(BaseOperator):
            def execute(self, context):
                self.defer(trigger=None, method_name="resume")

        class Wait(BaseSensorOperator):
            def poke(self, context):
                return True

        with DAG("d", schedule=None):
            Add(task_id="add", left="{{ ds }}") >> Wait(task_id="wait") >> Hand(task_id="hand")
        """
    )
    add, wait = loaded.callables["d", "add"], loaded.callables["d", "wait"]
    assert (add.function, add.kind, add.fields) == (None, "python", {"left": "{{ ds }}"})
    assert wait.kind == "sensor"
    assert loaded.callables["d", "hand"].kind == "none", "no trigger runs here"


def test_a_function_that_says_it_returns_a_dict_has_an_xcom_for_each_key(repository):
    loaded = repository.load(
        """
        from __future__ import annotations
        from airflow.sdk import dag, task

        @dag(schedule=None)
        def d():
            @task
            def said() -> dict[str, int]: ...
            @task
            def unsaid(): ...
            @task(multiple_outputs=False)
            def denied() -> dict: ...
            @task
            def odd() -> nobody_knows: ...
            said(), unsaid(), denied(), odd()

        d()
        """
    )
    found = {task_id: body.multiple_outputs for (_, task_id), body in loaded.callables.items()}
    assert found == {"said": True, "unsaid": False, "denied": False, "odd": False}
