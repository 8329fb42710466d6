"""What goes to which stream: reports to stdout, everything about them to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from windtunnel.report import THEME, ReportHighlighter, wrap

Tick = Callable[[int, int], None]
"""Called with (done, total)."""


class Terminal:
    """The two streams; colours and progress only where a person looks at a terminal."""

    def __init__(self, *, color: bool = True) -> None:
        self._color = color

    def show(self, text: str) -> None:
        """Print a report to stdout, exactly as it is; colours are laid over it on a terminal."""
        if self._color and sys.stdout.isatty():
            console = Console(theme=THEME, highlighter=ReportHighlighter(), soft_wrap=True)
            console.print(text, markup=False, emoji=False)
        else:
            print(text)

    def relay(self, printed: str) -> None:
        """Pass on to stdout what somebody else's code printed, while it runs."""
        sys.stdout.write(printed)
        sys.stdout.flush()

    def complain(self, text: str) -> None:
        """Print an error to stderr, its lines wrapped, under the name of the program."""
        first, *more = text.splitlines() or [""]
        lines = wrap(first, first="windtunnel: ", then="  ")
        for line in more:
            lines += wrap(line, first="  ", then="    ")
        print("\n".join(lines), file=sys.stderr)

    @contextmanager
    def progress(self, what: str) -> Iterator[Tick | None]:
        """A progress bar on stderr while the block runs; None instead of one if nobody looks."""
        if not sys.stderr.isatty():
            yield None
            return
        console = Console(stderr=True, no_color=not self._color)
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
