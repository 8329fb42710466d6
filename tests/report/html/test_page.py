"""The report as a page: what is in the file, before any browser opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import windtunnel as wt
from windtunnel.report.html import VIEWS, Subject, View, page
from windtunnel.report.html.bundle import bundle, imported, static
from windtunnel.report.html.masked import masked_text

NASTY = "</script><img src=x onerror=alert(1)><!--"


class Tags(HTMLParser):
    """Every element of a page, and the text in it that is no element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def simulated(task_id: str = "load", **more) -> wt.Result:
    dag = wt.Dag(dag_id="etl", tasks=(wt.Task(task_id=task_id, **more),))
    return wt.simulate(wt.Fleet(dags=(dag,)), window="6h", start="2026-03-01", runs=["etl"])


def test_the_same_outcome_gives_the_same_bytes():
    assert page(Subject(simulated(), "run")) == page(Subject(simulated(), "run"))


def test_it_is_the_same_whatever_order_python_hashes_in():
    code = (
        "import windtunnel as wt, hashlib\n"
        "from windtunnel.report.html import page, Subject\n"
        "dags = tuple(wt.Dag(dag_id=f'd{i}', tasks=(wt.Task(task_id='t', pool='p'),)) "
        "for i in range(9))\n"
        "r = wt.simulate(wt.Fleet(dags=dags), runs=[f'd{i}' for i in range(9)])\n"
        "print(hashlib.sha256(page(Subject(r, 'run')).encode()).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_nothing_is_fetched_and_nothing_may_be():
    text = page(Subject(simulated(), "run"))
    tags = Tags(text).found
    assert not [tag for tag, attrs in tags if tag == "link" or "src" in attrs]
    (policy,) = [a["content"] for t, a in tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, kind in (("script", "script-src"), ("style", "style-src")):
        opening = '<script type="module">' if tag == "script" else "<style>"
        body = text.partition(opening)[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy


def test_whatever_a_dag_is_called_is_text(tmp_path):
    result = simulated(NASTY)
    text = page(Subject(result, f"windtunnel run {NASTY}"))
    tags = Tags(text).found
    assert not [tag for tag, _ in tags if tag == "img"]
    assert "<img" not in text
    # Data in the page end where they should: all of them can be read.
    for body in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL):
        json.loads(body)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://etl:hunter2@db.example/warehouse",
        "Variable api_key = 'hunter2'",
        '{"password": "hunter2", "user": "etl"}',
        "Authorization: Bearer hunter2",
        "AIRFLOW_CONN_DB_PASSWORD=hunter2",
    ],
)
def test_what_looks_like_a_secret_is_masked(text):
    said = masked_text(text)
    assert "hunter2" not in said
    assert "***" in said


@pytest.mark.parametrize(
    "text",
    [
        "pool db (2 slots)",
        "dag refresh_tokens: runs hourly",
        "https://example.org/a?b=c",
        "etl.load",
    ],
)
def test_what_is_no_secret_is_left_alone(text):
    assert masked_text(text) == text


def test_secrets_in_assumptions_do_not_reach_the_page():
    result = simulated()
    assumed = wt.model.Assumption(subject="Variable db", assumed="password=hunter2")
    fleet = result.scenario.fleet.model_copy(update={"assumptions": (assumed,)})
    scenario = result.scenario.model_copy(update={"fleet": fleet})
    text = page(Subject(wt.Result(scenario, result.trace, ()), "run"))
    assert "hunter2" not in text
    assert "password=***" in text


def test_a_view_without_data_is_left_out():
    none = View("none", "Nothing here", lambda _: None, "overview.js")
    text = page(Subject(simulated(), "run"), (*VIEWS, none))
    assert "Nothing here" not in text


def test_scripts_are_modules_of_the_two_forms_that_are_bundled():
    for view in VIEWS:
        assert "export function draw(" in static(view.script) or "export async function draw(" in (
            static(view.script)
        )
    text = bundle(["main.js", *(view.script for view in VIEWS)])
    assert not re.findall(r"^\s*(?:import|export)\b.*", text, re.MULTILINE)
    assert "</script" not in text
    assert list(imported("main.js")) == ["columns.js", "dom.js"]


def test_where_no_script_may_run_the_terminal_s_text_is_there():
    text = page(Subject(simulated(), "run"))
    assert "No finding in 1 simulation." in text.partition("<noscript>")[2]
