"""Eight sensors in eight slots keep out what they wait for, until they give their slots back."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_what_everybody_waits_for_finds_no_slot(windtunnel):
    run = windtunnel.simulate(HERE)

    (finding,) = run.findings
    assert finding.code == "WT101"
    assert {limit.subject for limit in finding.limits} == {"default_pool"}
    assert run.task("copy_deduplicate.copy_deduplicate_all").state == "scheduled"


def test_sensors_that_give_their_slot_back_cure_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "derived_tables.py"
    dags.write_text(dags.read_text().replace('mode="poke"', 'mode="reschedule"'))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert run.dag_run("derived_clients_daily").state == "success"
