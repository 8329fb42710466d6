"""``--workers`` and ``--backend``: the same text from everywhere; mistakes in a few words."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from windtunnel.sweep import closing

CHECK = ("check", "worker_dies_holding_a_lock", "--simulations", "20")


def test_a_check_says_the_same_with_several_workers(cli: Any, tmp_path: Any) -> None:
    said = []
    for number, options in enumerate(([], ["--workers", "2"], ["--backend", "processes=2"])):
        with closing():
            result = cli(*CHECK, "--vary", "worker slots=1..2", *options, "--store", f"s{number}")
        assert result.code == 1
        said.append(result.out.replace(f"s{number}", "store"))
    assert said[0] == said[1] == said[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--backend", "spark"), "backend 'spark': there is none of this name"),
        (("--backend", "dask"), "Name its scheduler: dask=tcp://HOST:8786"),
        (("--backend", "ray", "--workers", "3"), "--workers 3: is about processes"),
        (("--backend", "dask=tcp://127.0.0.1:1"), "no Dask scheduler answers there"),
    ],
)
def test_what_is_no_backend_is_told_and_what_to_write(
    cli: Any, options: tuple[str, ...], said: str
) -> None:
    result = cli(*CHECK, *options)
    assert result.code == 2
    assert said in " ".join(result.err.split())
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("options", "library", "extra"),
    [
        (("--workers", "2"), "joblib", "plan"),
        (("--backend", "dask=tcp://127.0.0.1:1"), "distributed", "dask"),
        (("--backend", "ray"), "ray", "ray"),
    ],
)
def test_a_backend_that_is_not_installed_names_the_extra(
    cli: Any, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], library: str, extra: str
) -> None:
    there = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with closing():
        result = cli(*CHECK, *options)
    assert result.code == 2
    assert f"pip install 'windtunnel[{extra}]'" in " ".join(result.err.split())
