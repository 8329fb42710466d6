"""What a failed assert on a result says: what led to it, and not which object it was."""

from __future__ import annotations

import pytest

TEST = """\
import pytest
from datetime import timedelta

import windtunnel as wt

pytestmark = pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")

@pytest.fixture(scope="module")
def fleet():
    return wt.load("dags")

@pytest.fixture
def run(windtunnel, fleet):
    return windtunnel.simulate(fleet)

@pytest.fixture
def failed(fleet):
    return wt.simulate(fleet, window="1d", faults="task fails: etl.load")
"""
CLAIMS = {
    'failed.task("load").state == "success"': """\
E       AssertionError: assert 'failed' == 'success'
E         etl.load of scheduled@2026-01-01T02:00:00+00:00: failed (fault 'task fails: etl.load')
E           02:00:00       1m  ran (failed: fault 'task fails: etl.load')
""",
    'failed.task("save").state in ("success", "skipped")': """\
E       AssertionError: assert 'upstream_failed' in ('success', 'skipped')
E         etl.save of scheduled@2026-01-01T02:00:00+00:00: upstream_failed (etl.load failed: fault \
'task fails: etl.load')
E           02:00:00       1m  waited for upstream tasks; the last to end was etl.load
""",
    '"none" == failed.task("save").state': """\
E       AssertionError: assert 'none' == 'upstream_failed'
E         etl.save of scheduled@2026-01-01T02:00:00+00:00: upstream_failed""",
    'run.dag_run("etl").state == "failed"': """\
E       AssertionError: assert 'success' == 'failed'
E         etl scheduled@2026-01-01T02:00:00+00:00: success at 02:02:00, due 2026-01-01 02:00:00 UTC
E           02:00:00       1m  etl.load ran
E           02:01:00       1m  etl.save ran
""",
    'run.dag_run("etl").landed_before("02:01")': """\
E       AssertionError: assert <etl scheduled@2026-01-01T02:00:00+00:00 landed at 02:02:00, \
1m after 02:01:00 UTC: 1m etl.load ran; 1m etl.save ran>
""",
    'run.task("save").waited_for("upstream") < timedelta(seconds=1)': """\
E       AssertionError: assert <1m for upstream> < datetime.timedelta(seconds=1)
""",
    "len(run.tasks()) == 3": "E       assert 2 == 3\n",
    'run.task("laod").state == "x"': """\
E       windtunnel.errors.InvalidInput: no DAG has a task 'laod'; there are: etl.load, etl.save
""",
    'run.task("load").waited_for("db")': """\
E       windtunnel.errors.InvalidInput: nothing waits for 'db'; did you mean 'pool db'?
""",
    'run.dag_run("elt").landed': """\
E       windtunnel.errors.InvalidInput: DAG 'elt' is not in the fleet; DAGs: etl
""",
}
"""What somebody claims, and what pytest says to it."""
BELOW = {
    'run.dag_run("etl").landed_before("02:01")': """\
----------------------- windtunnel: how it came to that ------------------------
etl scheduled@2026-01-01T02:00:00+00:00 landed at 02:02:00, 1m after 02:01:00 UTC.
  02:00:00       1m  etl.load ran
  02:01:00       1m  etl.save ran
""",
    'run.task("save").waited_for("upstream") < timedelta(seconds=1)': """\
----------------------- windtunnel: how it came to that ------------------------
etl.save of scheduled@2026-01-01T02:00:00+00:00: success
  02:00:00       1m  waited for upstream tasks; the last to end was etl.load
  02:01:00       1m  ran
""",
}
"""What stands below the traceback, in a section of its own."""


def test_what_pytest_says_of_claims_that_do_not_hold(project: pytest.Pytester) -> None:
    tests = [
        f"def test_{number}(run, failed):\n    assert {claim}\n"
        for number, claim in enumerate(CLAIMS)
    ]
    project.makepyfile(test_it="\n".join([TEST, *tests]))

    result = project.runpytest("--strict-markers", "-p", "no:randomly")

    result.assert_outcomes(failed=len(CLAIMS))
    text = "\n".join(line.rstrip() for line in result.outlines)
    told = text.partition(" FAILURES ")[2].partition(" short test summary ")[0].split("____ test_")
    for (claim, said), printed in zip(CLAIMS.items(), told[1:], strict=True):
        assert f">       assert {claim}\n" in printed
        assert said in printed
        assert ("how it came to that" in printed) == (claim in BELOW)
        assert BELOW.get(claim, "") in printed
        assert "src/windtunnel" not in printed, "our own frames help nobody"
        assert " object at 0x" not in printed.replace("Windtunnel object at", "")
