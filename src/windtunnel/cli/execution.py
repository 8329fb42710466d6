"""The options by which `windtunnel run` says how real callables are executed."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_duration
from windtunnel.model import Isolation
from windtunnel.model.isolation import LEAST_MB

UNITS_MB = {"MB": 1, "GB": 1024}

Execute = Annotated[
    bool, typer.Option("--execute", help="Run the real Python callables, at simulated time.")
]
BodyMemory = Annotated[
    str | None,
    typer.Option(
        "--body-memory",
        metavar="SIZE",
        help="With --execute --isolate: memory that each try may take: 512MB, 2GB (the default).",
    ),
]
BodyTimeout = Annotated[
    str | None,
    typer.Option(
        "--body-timeout",
        metavar="TIME",
        help="With --execute --isolate: real time that each try may work from one simulated sleep "
        "to the next: 60s (the default), 10m.",
    ),
]


def isolation_of(
    *, execute: bool, isolate: bool, memory: str | None, timeout: str | None
) -> Isolation | None:
    """The limits of each try; None: callables run in this process.

    Raises:
        InvalidInput: a value can't be used, or limits nothing.
    """
    for option, given in (("--body-memory", memory), ("--body-timeout", timeout)):
        if given is not None and not (execute and isolate):
            raise InvalidInput(
                f"{option} {given}: it limits real callables in processes of their own; say "
                "--execute and --isolate, too"
            )
    if not (execute and isolate):
        return None
    limits: dict[str, Any] = {}
    if memory is not None:
        limits["memory_mb"] = _mb(memory)
    if timeout is not None:
        limits["wall_s"] = _seconds(timeout)
    return Isolation(**limits)


def _mb(text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*(MB|GB)", text.strip(), re.IGNORECASE)
    mb = int(found[1]) * UNITS_MB[found[2].upper()] if found else 0
    if mb < LEAST_MB:
        raise InvalidInput(
            f"--body-memory {text}: write a size of at least {LEAST_MB} MB, such as 512MB or 2GB"
        )
    return mb


def _seconds(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except InvalidInput as error:
        raise InvalidInput(f"--body-timeout {text}: {error}") from None
    if seconds <= 0:
        raise InvalidInput(f"--body-timeout {text}: it must be longer than nothing; write 60s")
    return seconds
