"""A repository of DAGs, in which `windtunnel check --write-test` is called."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from windtunnel.cli import main


@pytest.fixture
def checked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """``checked("dags")``: check them, write tests into ``tests``, and give what was printed."""
    (pytester.path / "pyproject.toml").write_text(
        "[tool.windtunnel.profiles.quick]\nsimulations = 9\nshrinking = 0.1\nfixing = 0\n"
    )

    def checked(*arguments: str, profile: str = "quick") -> str:
        argv = ["windtunnel", "check", *arguments, "--profile", profile, "--write-test", "tests"]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit):
            main()
        out, err = capsys.readouterr()
        assert "internal error" not in err
        return out + err

    return checked
