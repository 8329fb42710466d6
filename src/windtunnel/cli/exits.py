"""Exit codes, and what people read when a command can't do what it was asked for."""

from __future__ import annotations

import errno
import os
import platform
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typer

from windtunnel.cli.terminal import Terminal
from windtunnel.errors import WindtunnelError
from windtunnel.loaders.metadata import shown
from windtunnel.result import Report, Result

CLEAN, FINDINGS, BAD_INPUT, INTERNAL = 0, 1, 2, 3
CHANGED = 4
"""`replay` shows something else than what was stored."""
INTERRUPTED = 130
"""As a shell says it of a program that Ctrl-C ended."""
FRAMES = 4
# Typer brings its own copy of click in some releases and needs click itself in others.
UsageError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def code_of(outcome: Result | Report, *, strict: bool = False) -> int:
    """Bad input weighs more than a finding: what was not read was not checked. What only could
    happen counts if *strict*."""
    if outcome.problems:
        return BAD_INPUT
    counts = outcome.findings or (strict and outcome.possible)
    return FINDINGS if counts else CLEAN


def guarded(command: Callable[[], Any]) -> int:
    """Run a command and give its exit code; whatever goes wrong is told in a few lines."""
    try:
        code = int(command() or CLEAN)
        sys.stdout.flush()
    except Exception as error:
        return _told(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        Terminal().complain("interrupted")
    return code


def _told(error: Exception) -> int:
    if isinstance(error, WindtunnelError):
        Terminal().complain(str(error))
        return BAD_INPUT
    if isinstance(error, UsageError):
        return _misused(error)
    if isinstance(error, BrokenPipeError):
        # The reader has gone (`| head`): nobody is left to be told.
        _drop_stdout()
        return FINDINGS
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        _drop_stdout()
        Terminal().complain(f"the report can't be written: {error.strerror}")
        return BAD_INPUT
    Terminal().complain(_internal(error))
    return INTERNAL


def _misused(error: Any) -> int:
    """A misspelt option, a missing argument; or no command at all, which asks for help."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message())
        return BAD_INPUT
    hint = f"\nTry: {context.command_path} --help" if context is not None else ""
    Terminal().complain(error.format_message().replace("Value error, ", "") + hint)
    return BAD_INPUT


def _drop_stdout() -> None:
    """Python flushes stdout once more as it ends; that must not fail, too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _internal(error: Exception) -> str:
    """What somebody needs to report a mistake of ours."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"in {Path(f.filename).name}:{f.lineno}, {f.name}" for f in frames]
    return "\n".join(
        [
            f"internal error, a mistake of windtunnel and not of your files: {_said(error)}",
            *places,
            "Please report it with these lines, the DAG file if you can share it, and:",
            f"windtunnel {version('windtunnel')}, Python {platform.python_version()}, "
            f"{platform.system()}; windtunnel {' '.join(map(shown, sys.argv[1:]))}",
        ]
    )


def _said(error: Exception) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its message can't be shown)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
