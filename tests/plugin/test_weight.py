"""What the plugin costs a session that doesn't use it: nothing but pytest is imported."""

from __future__ import annotations

import json
import sys

import pytest

LOADED = """
def test_modules():
    import sys

    ours = {"windtunnel", "pytest_windtunnel"}
    loaded = {name for name in sys.modules if name.partition(".")[0] in ours}
    assert loaded == {"pytest_windtunnel", "pytest_windtunnel.plugin"}
    heavy = {"simpy", "hypothesis", "pydantic", "jinja2", "croniter", "freezegun", "typer"}
    brought = {name.partition(".")[0] for name in sys.modules} & heavy
    assert not brought
"""


@pytest.fixture
def alone() -> tuple[str, ...]:
    """Options that keep the other plugins of this environment out: they import what they like."""
    others = (
        "hypothesispytest",
        "inline_snapshot",
        "syrupy",
        "xdist",
        "benchmark",
        "cacheprovider",
    )
    return tuple(word for name in others for word in ("-p", f"no:{name}"))


def test_a_session_without_the_fixture_imports_only_the_plugin_itself(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile(LOADED)

    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1)


def test_a_failing_session_without_the_fixture_stays_light_too(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_first():\n    assert [1] == [2]\n" + LOADED)

    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1, failed=1)


def test_the_plugin_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_with(windtunnel):\n    pass\n")

    result = pytester.runpytest_subprocess("-p", "no:windtunnel")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'windtunnel' not found*"])


def test_other_tests_keep_their_options_warnings_and_folder(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import os, warnings

        def test_environment(pytestconfig):
            assert os.getcwd() == str(pytestconfig.rootpath)
            assert not [name for name in os.environ if "WINDTUNNEL" in name or "AIRFLOW" in name]
            assert pytestconfig.option.tbstyle == "auto"
    """)

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


STATE = """\
import atexit, gc, json, locale, logging, os, signal, sys, warnings


def test_state(pytestconfig):
    ours = ("windtunnel", "pytest_windtunnel")
    state = {
        "options": {name: repr(value) for name, value in vars(pytestconfig.option).items()
                    if "windtunnel" not in name and name not in ("plugins", "basetemp")},
        "levels": {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict
                   if not name.startswith(ours)} | {"": logging.root.level},
        "handlers": [type(one).__name__ for one in logging.root.handlers],
        "filters": [repr(one) for one in warnings.filters],
        "environment": {name: value for name, value in os.environ.items()
                        if name not in ("PYTEST_CURRENT_TEST", "_")},
        "folder": os.getcwd(),
        "path": sys.path,
        "finders": [repr(type(one)) for one in sys.meta_path],
        "hooks": [sys.excepthook.__name__, sys.breakpointhook.__name__, repr(sys.gettrace())],
        "signals": [repr(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGALRM)],
        "locale": locale.setlocale(locale.LC_ALL),
        "collector": gc.get_threshold(),
        "limit": sys.getrecursionlimit(),
        "modules": sorted(name for name in sys.modules if name.partition(".")[0] not in ours),
    }
    with open(os.environ["STATE"], "w") as file:
        json.dump(state, file)
"""


@pytest.mark.parametrize("ini", ["", "windtunnel_dags = dags\n"])
def test_a_session_that_does_not_use_it_is_the_same_as_without_it(
    project: pytest.Pytester, alone: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, ini: str
) -> None:
    test = project.makepyfile(test_state=STATE)
    project.makeini(f"[pytest]\n{ini}")
    found = {}
    for name, options in (("with", ()), ("without", ("-p", "no:windtunnel"))):
        file = project.path / f"{name}.json"
        monkeypatch.setenv("STATE", str(file))
        project.runpytest_subprocess(*alone, *options, test).assert_outcomes(passed=1)
        found[name] = json.loads(file.read_text())
        found[name]["environment"].pop("STATE")
    for part, state in found["without"].items():
        if part != "modules":
            assert found["with"][part] == state, part
    more = set(found["with"]["modules"]) - set(found["without"]["modules"])
    standard = {name for name in more if name.partition(".")[0] in sys.stdlib_module_names}
    assert more == standard, "only what Python brings"
    assert standard <= (
        set()
        if not ini
        else {
            "pickle",
            "_pickle",
            "_compat_pickle",
            "tomllib",
            "tomllib._parser",
            "tomllib._re",
            "tomllib._types",
            "struct",
            "_struct",
            "copyreg",
        }
    )


def test_an_ini_line_alone_brings_nothing_heavy_into_a_session_of_other_tests(
    project: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    project.makeini("[pytest]\nwindtunnel_dags = dags\n")
    test = project.makepyfile("""
        import sys

        def test_modules():
            names = {name.partition(".")[0] for name in sys.modules}
            assert "windtunnel" not in names
            assert not names & {"simpy", "hypothesis", "pydantic", "filelock"}
    """)
    result = project.runpytest_subprocess(*alone, test)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*windtunnel: *")
