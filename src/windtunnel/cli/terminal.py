"""What goes to which stream: reports to stdout, everything about them to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from windtunnel.api import Progress
from windtunnel.report import THEME, ReportHighlighter, wrap

Tick = Callable[[int, int], None]
"""Called with (done, total)."""
STDOUT, STDERR = 1, 2


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

    def show_page(self, markdown: str) -> None:
        """Print a page of documentation: laid out on a terminal, else as it is written."""
        if self._color and sys.stdout.isatty():
            Console(width=min(100, Console().width)).print(Markdown(markdown))
        else:
            print(markdown.rstrip())

    def note(self, text: str, *, beside: bool) -> None:
        """Print what was done after a report, if anything was; to stderr if *beside* it, because
        programs read the report."""
        if not text:
            return
        lines = [line for one in text.splitlines() for line in wrap(one, then="  ")]
        print("\n".join(("", *lines)), file=sys.stderr if beside else sys.stdout)

    def command(self, lines: str, *, beside: bool) -> None:
        """Print what whoever reads the log acts on, byte for byte; to stderr if *beside*."""
        if lines:
            print(lines, file=sys.stderr if beside else sys.stdout)

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
    def stages(self) -> Iterator[Progress | None]:
        """A bar on stderr that also says what is being done; None instead if nobody looks."""
        if not sys.stderr.isatty():
            yield None
            return
        console = Console(stderr=True, no_color=not self._color)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        # What others print is not for this console: nothing is redirected to it.
        with ProgressBar(
            *columns,
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as bar:
            task = bar.add_task("", total=None)
            yield lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            )

    @contextmanager
    def progress(self, what: str) -> Iterator[Tick | None]:
        """A bar for one thing that is being done; None instead if nobody looks."""
        with self.stages() as tell:
            yield None if tell is None else lambda done, total: tell(what, done, total)

    @contextmanager
    def only_reports(self, json: bool) -> Iterator[None]:
        """While the block runs, what anybody writes to stdout goes to stderr, if *json* is wanted.

        Also what other programs write that DAG files start: nothing may stand before the JSON.
        """
        if not json:
            yield
            return
        sys.stdout.flush()
        kept = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, STDOUT)
            os.close(kept)
