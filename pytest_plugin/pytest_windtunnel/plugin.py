"""Hooks, options and the fixture `windtunnel`. Imports only pytest until a test uses the fixture.

pytest loads this module in every session of everybody who has windtunnel installed, so everything
else is imported inside functions.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_windtunnel import RUNNING, SEED

if TYPE_CHECKING:
    from pytest_windtunnel.fixture import Windtunnel

MARKER = (
    "windtunnel(dags, cluster, runs, faults, behavior, window, start, seed, profile, airflow, "
    "accept): what the fixture windtunnel simulates in this test: a folder of DAGs or a scenario, "
    "on a cluster"
)
CHECKED = (
    "what to check in each session: a folder of DAG files, a file or a scenario, or several, one "
    "on each line; also for the fixture windtunnel"
)
SETTINGS = {
    "dags": ("PATH", "folder of DAG files, or a scenario file, for the fixture windtunnel"),
    "cluster": ("FILE", "cluster file: the deployment that DAGs are simulated on"),
    "profile": (
        "NAME",
        "dev, ci (default where CI is set) or nightly: how hard to search; or a release",
    ),
    "seed": ("N", "key of everything that a simulation draws; random: any; last: as last time"),
    "airflow": ("NAME", "auto, stand-in (load DAG files without Airflow) or real (with it)"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each setting, as a command line option and as an ini option."""
    group = parser.getgroup("windtunnel", "simulation of Airflow DAGs")
    group.addoption(
        "--windtunnel",
        metavar="PATH",
        dest="windtunnel_paths",
        action="append",
        help="check the DAGs of a folder, a file or a scenario: one test for each DAG and check "
        "(may be repeated; ini: windtunnel_dags)",
    )
    group.addoption(
        "--windtunnel-replay",
        metavar="ID",
        help="simulate this stored counterexample with the DAGs of today, and search for nothing",
    )
    for name, (metavar, text) in SETTINGS.items():
        group.addoption(f"--windtunnel-{name}", metavar=metavar, help=text)
        parser.addini(f"windtunnel_{name}", CHECKED if name == "dags" else text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for ``--strict-markers`` and ``--markers``."""
    config.addinivalue_line("markers", MARKER)
    if config.getoption("windtunnel_seed") is not None:
        from pytest_windtunnel.seeds import settle  # noqa: PLC0415 - it is used

        settle(config)
    if config.getoption("windtunnel_paths") or config.getini("windtunnel_dags"):
        from pytest_windtunnel.session import ChecksOfSession  # noqa: PLC0415 - it is used

        config.pluginmanager.register(ChecksOfSession(config), "windtunnel-checks")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell the workers of pytest-xdist which seed was drawn."""
    node.workerinput[SEED] = node.config.getoption("windtunnel_seed")


def pytest_report_header(config: pytest.Config) -> str | None:
    """The seed, where the command line gives one."""
    seed = config.getoption("windtunnel_seed")
    checks = config.pluginmanager.get_plugin("windtunnel-checks")
    told = checks is not None and checks.fleets  # which have a line of their own
    return None if seed is None or told else f"windtunnel: seed={seed}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test that uses the fixture, so that ``-m windtunnel`` selects them."""
    uses = "windtunnel" in getattr(item, "fixturenames", ())
    if uses and item.get_closest_marker("windtunnel") is None:
        item.add_marker("windtunnel")


@pytest.fixture(scope="session")
def windtunnel(pytestconfig: pytest.Config) -> Windtunnel:
    """Load DAGs, simulate them, break them and check them; settings from options, the marker, the
    repository and ini."""
    from pytest_windtunnel.fixture import Windtunnel  # noqa: PLC0415

    return Windtunnel(pytestconfig)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Remember which test is running: the fixture lives as long as the session, so that fixtures of
    any scope can use it, and ``@given``, which runs a test many times."""
    item.config.stash[RUNNING] = item
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look at the settings of a test that uses the fixture, before it runs."""
    if "windtunnel" in getattr(item, "fixturenames", ()):
        from pytest_windtunnel.settings import look_at  # noqa: PLC0415

        look_at(item)
    if "windtunnel.strategies" in sys.modules:
        from pytest_windtunnel.searched import prepare  # noqa: PLC0415

        prepare(item)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Say what led to a state that a test did not expect."""
    if "windtunnel.result" not in sys.modules:
        return None
    from pytest_windtunnel.introspection import compared  # noqa: PLC0415

    return compared(op, left, right)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show how a failed test came to that, and what its simulations found, below its traceback."""
    error = None if call.excinfo is None else call.excinfo.value
    if error is None or "windtunnel.errors" not in sys.modules:
        return (yield)
    from pytest_windtunnel import introspection  # noqa: PLC0415

    if not item.config.getoption("fulltrace"):
        introspection.cut(error)
    report = yield
    if report.when != "call" or not report.failed:
        return report
    introspection.add_to(report, error)
    failure = sys.modules.get("pytest_windtunnel.failure")
    if failure is not None:
        failure.explain(item, report)
    return report
