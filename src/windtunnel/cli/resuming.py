"""What an interrupted command had simulated already, and what it leaves for the next time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from windtunnel.cli.terminal import Terminal
from windtunnel.sweep import Kept, keeping


@contextmanager
def resumable(store: Path, terminal: Terminal) -> Iterator[Kept]:
    """Simulations are kept below this folder as long as the block lasts, and told about on stderr
    if they were there before, or are left there."""
    kept: Kept | None = None
    try:
        with keeping(store) as kept:
            yield kept
    except KeyboardInterrupt:
        if kept is not None and (count := kept.written()):
            terminal.complain(
                f"{count} simulations are kept in {kept.folder}: the same command goes on from "
                "there"
            )
        raise
    if kept.taken:
        terminal.complain(
            f"went on from an interrupted start: {kept.taken} simulations were there already"
        )
