"""DAG factory: YAML in dag-factory's format becomes DAGs, without dag-factory."""

import pytest

YAML = """
default:
  default_args:
    start_date: 2024-11-11
    retries: 2
    retry_delay_sec: 60
  catchup: false

etl:
  default_args:
    retries: 3
    owner: me
  schedule: "0 3 * * *"
  max_active_runs: 1
  task_groups:
    - group_name: load
      dependencies: [extract]
  tasks:
    - task_id: extract
      operator: airflow.operators.bash.BashOperator
      bash_command: echo 1
      execution_timeout: {__type__: datetime.timedelta, minutes: 5}
    - task_id: copy
      operator: airflow.operators.bash.BashOperator
      bash_command: echo 2
      pool: db
      task_group_name: load
    - task_id: wait
      operator: airflow.sensors.external_task.ExternalTaskSensor
      external_dag_id: other
      execution_delta_sec: 3600
      dependencies: [load]

other:
  schedule: null
  tasks:
    make:
      decorator: airflow.decorators.task
      python_callable: steps.make
    use:
      decorator: airflow.decorators.task
      python_callable: steps.use
      x: +make
    many:
      operator: airflow.operators.bash.BashOperator
      expand: {bash_command: [a, b, c]}
      dependencies: [use]
"""


@pytest.mark.parametrize(
    "python",
    [
        "from airflow import DAG\nfrom dagfactory import load_yaml_dags\n"
        "load_yaml_dags(globals_dict=globals(), config_filepath=FILE)\n",
        "from airflow import DAG\nimport dagfactory\nfactory = dagfactory.DagFactory(FILE)\n"
        "factory.clean_dags(globals())\nfactory.generate_dags(globals())\n",
        "# airflow dag\nfrom dagfactory import load_yaml_dags\nload_yaml_dags(globals())\n",
    ],
)
def test_a_yaml_file_becomes_its_dags(repository, python):
    file = repository.write("config/etl.yml", YAML)
    repository.write("dags.py", python.replace("FILE", repr(str(file))))
    fleet = repository.load().fleet
    assert [str(p) for p in fleet.problems] == []
    etl, other = fleet.dag("etl"), fleet.dag("other")
    assert (etl.catchup, etl.max_active_runs, etl.schedule.expression) == (False, 1, "0 3 * * *")
    extract, copy, wait = etl.tasks
    assert (extract.retries, extract.retry_delay_s, extract.execution_timeout_s) == (3, 60, 300)
    assert (copy.task_id, copy.group, copy.pool, copy.upstream) == (
        "load.copy",
        "load",
        "db",
        ("extract",),
    )
    assert (wait.kind.execution_delta_s, wait.upstream) == (3600, ("load.copy",))
    make, use, many = other.tasks
    assert (make.retries, use.upstream, many.upstream) == (2, ("make",), ("use",))
    assert many.expand == (3,)


def test_a_yaml_file_that_changes_is_read_again(repository, tmp_path):
    file = repository.write("etl.yml", YAML)
    repository.write(
        "dags.py", "# airflow dag\nfrom dagfactory import load_yaml_dags\nload_yaml_dags(globals())"
    )
    assert len(repository.load(cache=tmp_path / "cache").fleet.dags) == 2
    file.write_text(YAML.replace("other:", "another:"))
    ids = [d.dag_id for d in repository.load(cache=tmp_path / "cache").fleet.dags]
    assert ids == ["etl", "another"]


def test_yaml_that_can_not_be_read_is_named(repository):
    file = repository.write("etl.yml", "a: [\n")
    fleet = repository.load(
        "# airflow dag\nfrom dagfactory import load_yaml_dags\n"
        f"load_yaml_dags(globals(), config_filepath={str(file)!r})\n"
    ).fleet
    (problem,) = fleet.problems
    assert "etl.yml can't be read" in problem.message
