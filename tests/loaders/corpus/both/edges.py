"""Every way to write a dependency."""

from datetime import datetime

from airflow import DAG
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.empty import EmptyOperator
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup


def empties(*names):
    return [EmptyOperator(task_id=name) for name in names]


with DAG("edges_plain", schedule=None, start_date=datetime(2024, 1, 1)):
    a, b, c, d, e, f = empties(*"abcdef")
    a >> [b, c] >> d
    e << d
    f.set_upstream([d, e])
    a.set_downstream(f)
    [b, c] >> e

with DAG("edges_chain", schedule=None, start_date=datetime(2024, 1, 1)):
    a, b1, b2, c1, c2, d, x, y = empties("a", "b1", "b2", "c1", "c2", "d", "x", "y")
    chain(a, [b1, b2], [c1, c2], d)
    cross_downstream([x, y], [c1, c2])

with DAG("edges_labels", schedule=None, start_date=datetime(2024, 1, 1)):
    a, b, c = empties(*"abc")
    a >> Label("yes") >> b
    a >> Label("no") >> c

with DAG("edges_groups", schedule=None, start_date=datetime(2024, 1, 1)):
    start, end = empties("start", "end")
    with TaskGroup("one") as one:
        a, b, c = empties(*"abc")
        a >> b
    with TaskGroup("two", prefix_group_id=False) as two:
        d, e = empties("d", "e")
        with TaskGroup("three") as three:
            f, g = empties("f", "g")
            f >> g
        d >> three
    start >> one >> two >> end
    one >> Label("skip") >> end

with DAG("edges_empty_group", schedule=None, start_date=datetime(2024, 1, 1)):
    start, end = empties("start", "end")
    with TaskGroup("nothing") as nothing:
        pass
    start >> end

with DAG("edges_weights", schedule=None, start_date=datetime(2024, 1, 1)):
    tasks = [
        EmptyOperator(task_id=f"t{n}", priority_weight=n + 1, weight_rule=rule)
        for n, rule in enumerate(["downstream", "upstream", "absolute", "downstream", "upstream"])
    ]
    chain(*tasks)
    tasks[0] >> tasks[3]
