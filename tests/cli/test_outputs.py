"""``--report``, and what a GitHub workflow gets without asking."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from windtunnel.cli import handover

BROKEN = "from airflow import DAG\ndef (\n"


@pytest.fixture(autouse=True)
def _no_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A GitHub workflow; gives the file of the job's summary."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return tmp_path / "summary.md"


def test_reports_are_written_beside_what_is_printed(cli, write):
    write("etl.py", more=', pool="gone"')
    outcome = cli(
        "check", "dags", "--profile", "dev", "--report", "junit=out/wt.xml", "--report",
        "sarif=out/wt.sarif", "--report", "json=out/wt.json", "--report", "gitlab=out/wt.gl.json",
    )  # fmt: skip
    assert "::" not in outcome.out.replace("://", "")
    cases = ET.parse("out/wt.xml").getroot().iter("testcase")
    assert {case.attrib.get("file") for case in cases} == {"dags/etl.py"}
    told = json.loads(Path("out/wt.json").read_text())
    assert told["kind"] == "check"
    results = json.loads(Path("out/wt.sarif").read_text())["runs"][0]["results"]
    assert len(results) == len(told["findings"]) + len(told["possible"])
    assert json.loads(Path("out/wt.gl.json").read_text()) or not results
    first = Path("out/wt.sarif").read_bytes()
    cli("check", "dags", "--profile", "dev", "--report", "sarif=out/wt.sarif")
    assert Path("out/wt.sarif").read_bytes() == first


def test_run_writes_them_too(cli, write):
    write("etl.py")
    assert cli("run", "dags", "--report", "markdown=out.md").code == 0
    assert Path("out.md").read_text().startswith("## windtunnel run\n\nNo finding in 1 simulation.")


def test_a_folder_gets_the_page_and_a_file_may_be_named_for_it(cli, write):
    write("etl.py")
    assert cli("run", "dags", "--report", "out/", "--report", "html=page.html").code == 0
    page = Path("out/index.html").read_text()
    assert "<title>windtunnel run dags</title>" in page
    assert Path("page.html").read_text() == page


def test_a_workflow_gets_annotations_and_a_summary(cli, write, workflow):
    write("etl.py")
    write("new.py", BROKEN)
    workflow.write_text("before\n")
    outcome = cli("check", "dags", "--profile", "dev")
    assert outcome.code == 2
    last = outcome.out.splitlines()[-1]
    assert last == (
        "::error file=dags/new.py,line=2,title=Not used%3A syntax::syntax error: invalid syntax; "
        "the file is left out"
    )
    assert workflow.read_text().startswith("before\n## windtunnel check\n")


def test_paths_are_from_the_root_of_the_repository(cli, write, workflow, tmp_path, monkeypatch):
    write("new.py", BROKEN)
    write("etl.py")
    below = tmp_path / "dags"
    monkeypatch.chdir(below)
    assert "::error file=dags/new.py," in cli("run", ".").out


def test_a_folder_without_a_usable_dag_is_annotated_and_reported(cli, write, workflow):
    write("new.py", BROKEN)
    outcome = cli("check", "dags", "--report", "junit=wt.xml")
    assert outcome.code == 2
    assert outcome.out.startswith("::error file=dags/new.py,line=2,")
    assert "windtunnel: new.py:2: syntax error" in outcome.err
    assert ET.parse("wt.xml").getroot().attrib["errors"] == "1"


def test_where_programs_read_stdout_annotations_go_beside_it(cli, write, workflow):
    write("etl.py")
    write("new.py", BROKEN)
    outcome = cli("check", "dags", "--profile", "dev", "--format", "json")
    json.loads(outcome.out)
    assert "::error file=dags/new.py" in outcome.err


@pytest.mark.parametrize(
    "given", ["junit", "junit=", "=x.xml", "htm=x.html", "html", "dags/etl.py", ""]
)
def test_a_report_that_can_not_be_meant_is_refused_before_anything_is_done(cli, write, given):
    write("etl.py")
    outcome = cli("check", "dags", "--report", given)
    assert outcome.code == 2
    said = "write a folder, such as out/, or FORMAT=FILE, such as junit=windtunnel.xml"
    assert said in " ".join(outcome.err.split())


def test_a_report_that_can_not_be_written_is_told(cli, write, tmp_path):
    write("etl.py")
    (tmp_path / "out").write_text("")
    outcome = cli("run", "dags", "--report", "junit=out/wt.xml")
    assert outcome.code == 2
    assert "--report junit=out/wt.xml: can't be written" in outcome.err


def test_one_report_that_can_not_be_written_keeps_no_other_away(cli, write, workflow, tmp_path):
    write("etl.py")
    write("new.py", BROKEN)
    full = Path("/dev/full")  # takes no byte, which nobody knows before
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "full").symlink_to(full)
    reports = [f"--report={one}" for one in ("junit=full", f"sarif={full}", "gitlab=gl.json")]
    outcome = cli("run", "dags", *reports)
    assert outcome.code == 2
    assert "--report junit=full: can't be written" in outcome.err
    assert "--report sarif=/dev/full: can't be written" in outcome.err
    assert json.loads(Path("gl.json").read_text())
    assert "::error file=dags/new.py" in outcome.out
    assert workflow.read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("junit=-",), "--report junit=-: is no file"),
        (("junit=a.xml", "sarif=./a.xml"), "the file is that of another report already"),
    ],
)
def test_a_report_without_a_file_of_its_own_is_refused_before_anything_is_done(
    cli, write, given, told
):
    write("etl.py")
    outcome = cli("check", "dags", *(f"--report={one}" for one in given))
    assert outcome.code == 2
    assert not outcome.out
    assert told in " ".join(outcome.err.split())
    assert not Path("a.xml").exists()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("plan", "junit=x"), "a plan is written as a page (out/) or as json"),
        (("plan", "arrow=x"), "a plan is written as a page (out/) or as json"),
        (("plan", "out/", "--spread"), "--spread has no report, but --format json"),
        (("backtest", "sarif=x", "--from", "x.db"), "a backtest is written as a page (out/) or as"),
        (("diff", "perfetto=x"), "a difference is written as a page (out/) or as json or as markd"),
        (("diff", "otel=http://127.0.0.1:9"), "a difference is written as a page"),
    ],
)
def test_a_form_that_a_command_has_not_is_refused_before_anything_is_read(cli, asked, told):
    command, report, *more = asked
    outcome = cli(command, "nowhere/", "--report", report, *more)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"--report {report}: {told}" in " ".join(outcome.err.split())


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_form_that_needs_an_extra_is_refused_before_anything_is_read(cli, monkeypatch, command):
    monkeypatch.setattr(handover, "find_spec", lambda _: None)
    outcome = cli(command, "nowhere/", "--report", "parquet=tables")
    assert (outcome.code, outcome.out) == (2, "")
    assert "pip install 'windtunnel[arrow]'" in " ".join(outcome.err.split())


RAISES = """\
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

def load():
    raise ValueError("no rows: 100 %")

with DAG("etl", schedule=None):
    PythonOperator(task_id="load", python_callable=load)
"""


def test_a_callable_that_raised_is_annotated_at_its_task(cli, write, workflow):
    write("etl.py", RAISES)
    outcome = cli("run", "dags", "--execute", "--report", "junit=wt.xml")
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == (
        "::error file=dags/etl.py,line=8,title=etl.load failed (etl)::ValueError: no rows: 100 %25"
    )
    (failure,) = ET.parse("wt.xml").getroot().iter("failure")
    assert failure.text is not None
    assert failure.text.rstrip().endswith("ValueError: no rows: 100 %")
