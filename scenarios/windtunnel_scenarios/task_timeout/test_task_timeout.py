"""A timeout of the run skips its task; a timeout of the task fails it."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_run_fails_and_no_task_does(windtunnel):
    run = windtunnel.simulate(HERE)

    assert not run.findings
    assert {one.state for one in run.dag_runs()} == {"failed"}
    assert {task.state for task in run.tasks()} == {"skipped"}


def test_a_timeout_of_its_own_fails_the_task(windtunnel, tmp_path):
    own = copytree(HERE, tmp_path / "own")
    dags = own / "dags" / "search_index.py"
    limit = 'task_id="build", execution_timeout=timedelta(hours=3, minutes=30),'
    dags.write_text(dags.read_text().replace('task_id="build",', limit))

    run = windtunnel.simulate(own)

    assert {task.state for task in run.tasks("search_index.build")} == {"failed"}
