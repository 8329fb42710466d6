"""A repository of DAGs, in which `windtunnel check --write-test` is called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from windtunnel.cli import main
from windtunnel.detect import Finding
from windtunnel.detect.finding import Party


@pytest.fixture
def checked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """``checked("dags")``: check them, write tests into ``tests``, and give what was printed."""
    # pytest starts quicker without what else is installed here.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_windtunnel.plugin")
    (pytester.path / "pyproject.toml").write_text(
        "[tool.windtunnel.profiles.quick]\nsimulations = 9\nshrinking = 0.1\nfixing = 0\n"
    )

    def checked(*arguments: str, profile: str = "quick", tests: str = "tests") -> str:
        argv = ["windtunnel", "check", *arguments, "--profile", profile, "--write-test", tests]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit):
            main()
        out, err = capsys.readouterr()
        assert "internal error" not in err
        return out + err

    return checked


@pytest.fixture
def held_by() -> Callable[..., Finding]:
    """A finding in which a task of each of these DAGs holds something."""

    def held_by(*dag_ids: str) -> Finding:
        holding = tuple(
            Party(
                name=f"{dag_id}.t",
                dag_id=dag_id,
                run="r",
                operator="o",
                state="running",
                since=datetime(2026, 1, 1, tzinfo=UTC),
            )
            for dag_id in dag_ids
        )
        return Finding(code="WT101", title="Pool deadlock", summary="s", holding=holding)

    return held_by
