"""Objects of a class of one's own don't get from one task to the next; plain values do."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_task_fails_after_its_work(windtunnel):
    run = windtunnel.simulate(HERE, execute=True)

    assert [finding.code for finding in run.findings] == ["WT903"]
    assert run.task("customers.fetch").state == "failed"
    assert run.task("customers.fetch").try_number == 3


def test_plain_values_get_there(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "customers.py"
    text = dags.read_text()
    text = text.replace('Customer(number, f"customer {number}")', '{"number": number, "name": "x"}')
    dags.write_text(text.replace("{one.number}: {one.name}", "{one['number']}: {one['name']}"))

    run = windtunnel.simulate(cured, execute=True)

    assert not run.findings
    assert run.dag_run("customers").state == "success"
