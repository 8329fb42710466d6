"""Reading: one DAG file is executed, and what it defines becomes values, problems, assumptions."""

from __future__ import annotations

import ast
import builtins
import contextlib
import os
import re
import signal
import sys
import time
import traceback
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from windtunnel.loaders.discovery import looks_like_dag_file
from windtunnel.loaders.ordering import makes_sets
from windtunnel.loaders.quiet import TimedOut, quietly, time_limit
from windtunnel.loaders.settings import Settings
from windtunnel.loaders.standin import offered
from windtunnel.loaders.standin.authoring import DAG
from windtunnel.loaders.standin.bodies import bodies_of
from windtunnel.loaders.standin.convert import Converter
from windtunnel.loaders.standin.exceptions import DagInvalid, NetworkRefusedError
from windtunnel.loaders.standin.guesses import Guesses, next_guess
from windtunnel.loaders.standin.importing import LEAST_TRUSTING, set_aside, supplemented
from windtunnel.loaders.standin.session import Session, opened
from windtunnel.loaders.standin.world import Reads, pretended
from windtunnel.model import Assumption, Dag, Problem
from windtunnel.model.base import Value
from windtunnel.model.body import Body

RETRIED = ("import", "duplicate")
"""Problems that more placeholders may solve."""
MOST_GUESSES = 12
"""Of what one file reads."""
LARGEST_BYTES = 10 * 1024 * 1024
"""A larger file is no DAG file, and would take minutes to parse."""


class FileResult(Value):
    """What one file came to."""

    file: str
    dags: tuple[Dag, ...] = ()
    origins: tuple[str | None, ...] = ()
    """For each DAG the file of the repository whose code made it, a helper module perhaps."""
    problems: tuple[Problem, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    reads: Reads = Reads()
    """What the result depends on, beside the file itself."""
    unordered: bool = False
    """Whether the order of its tasks may be another one in another process."""
    lasting: bool = True
    """Whether the same input would give it again: not so after a time limit."""


def not_read(name: str, message: str, *, cause: Any = "import", lasting: bool = True) -> FileResult:
    """The result of a file that came to nothing."""
    problem = Problem(cause=cause, message=f"{message}; the file is left out", file=name)
    return FileResult(file=name, problems=(problem,), lasting=lasting)


@dataclass(eq=False)
class Reader:
    """Reads files, one after the other, each as if it were the only one."""

    settings: Settings
    stopped: bool = True
    """Whether the clock stands still; functions that will run later need one that doesn't."""
    bodies: dict[tuple[str, str], Body] = field(default_factory=dict)
    """Bodies of the tasks that have a Python function, by (dag_id, task_id)."""

    def read(self, name: str, *, chosen: bool = False) -> FileResult | None:
        """Execute one file; ``None`` if it is no DAG file. A chosen one is executed whatever is in
        it."""
        file = self.settings.folder / name
        try:
            size = file.stat().st_size
            if size > LARGEST_BYTES:
                most = LARGEST_BYTES // 1024**2
                text = f"is {size // 1024**2} MB large, and DAG files of more than {most} MB"
                return not_read(name, f"{text} aren't read", cause="unreadable")
            source = file.read_bytes()
        except OSError as error:
            return not_read(name, f"can't be read: {error.strerror}", cause="unreadable")
        if not chosen and not looks_like_dag_file(source, self.settings.profile):
            return None
        code = _compiled(source, file, name)
        if isinstance(code, FileResult):
            return code
        began, limit = time.monotonic(), self.settings.import_timeout_s
        run = partial(self._attempt, code, file, name)
        first, _ = run(limit_s=limit, generous=0, guesses=Guesses())
        if not first.lasting or first.dags or all(p.cause not in RETRIED for p in first.problems):
            return first
        furthest = first
        for generous in (1, 2):
            guesses: Guesses | None = Guesses()
            while guesses is not None and (left := limit - (time.monotonic() - began)) > 0:
                again, guess = run(limit_s=left, generous=generous, guesses=guesses)
                if again.dags or not again.problems:
                    return _told(again, first)
                if guesses.number and generous == 1:
                    furthest = again  # what failed first was perhaps a placeholder's fault
                guesses = guess if guesses.number < MOST_GUESSES else None
        return furthest

    def _attempt(
        self,
        code: types.CodeType,
        file: Path,
        name: str,
        *,
        limit_s: float,
        generous: int,
        guesses: Guesses,
    ) -> tuple[FileResult, Guesses | None]:
        """Execute a file, see `Session.generous`; and what to guess then if it failed."""
        session = self.settings.session()
        session.generous, session.guesses = generous, guesses
        session.begin(str(file))
        session.unordered = makes_sets(code)
        failure: BaseException | None = None
        with (
            opened(session),
            offered(*self._roots(generous)),
            quietly(),
            set_aside(guesses.aside),
            supplemented(guesses.names),
            pretended(session, clock=self.stopped) as reads,
        ):
            collected = _Collected(session, name)
            module = types.ModuleType(f"windtunnel_dag_file_{file.stem}")
            module.__file__ = str(file)
            sys.modules[module.__name__] = module
            mine = os.getpid()
            try:
                with _unharmed(), time_limit(limit_s):
                    exec(code, module.__dict__)
            except TimedOut:
                return self._too_slow(name), None
            except BaseException as error:
                _leave_if_forked(mine)
                if isinstance(error, KeyboardInterrupt) and not _is_ours_to_ignore():
                    raise
                collected.failed(error, file)
                failure = error
            else:
                _leave_if_forked(mine)
                collected.take(module)
        self.bodies |= collected.bodies
        guess = next_guess(guesses, session.asked, failure, session.is_own)
        return collected.result(reads.seen()), guess

    def _roots(self, generous: int) -> list[Path]:
        """Folders on the path; at last without the repository's root, where a library may lie that
        needs more of Airflow than there is."""
        settings = self.settings
        spared = settings.root if generous >= LEAST_TRUSTING else None
        return [r for r in settings.roots if r != spared or r == settings.folder]

    def _too_slow(self, name: str) -> FileResult:
        return too_slow(name, self.settings.import_timeout_s)


def _told(result: FileResult, failed: FileResult) -> FileResult:
    """A result that needed more placeholders, with why."""
    why = failed.problems[0].message.removesuffix("; the file is left out")
    line = failed.problems[0].line
    said = Assumption(
        subject=f"file {result.file}",
        assumed=f"{why}{f' (line {line})' if line else ''}: loaded with placeholders for that",
    )
    return result.model_copy(update={"assumptions": (said, *result.assumptions)})


def too_slow(name: str, limit_s: float) -> FileResult:
    """The result of a file that exceeded the time limit."""
    text = (
        f"isn't loaded after {limit_s:g} s, which is Airflow's [core] dagbag_import_timeout; move "
        "what takes so long into a task"
    )
    return not_read(name, text, lasting=False)


@contextlib.contextmanager
def _unharmed() -> Iterator[None]:
    """Modules that are deleted and builtins that are replaced come back."""
    modules, names = dict(sys.modules), dict(vars(builtins))
    try:
        yield
    finally:
        vars(builtins).update(names)
        for lost in modules.keys() - sys.modules.keys():
            sys.modules[lost] = modules[lost]


def _is_ours_to_ignore() -> bool:
    """Whether nobody can interrupt this process: then the file itself raised."""
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def _leave_if_forked(mine: int) -> None:
    """A process that the file forked has got here, too; only its parent goes on."""
    if os.getpid() != mine:
        os._exit(0)


def _compiled(source: bytes, file: Path, name: str) -> types.CodeType | FileResult:
    try:
        return compile(ast.parse(source, str(file)), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        problem = Problem(
            cause="syntax",
            message=f"syntax error: {error.msg}; the file is left out",
            file=name,
            line=error.lineno,
        )
        return FileResult(file=name, problems=(problem,))
    except (ValueError, RecursionError, MemoryError) as error:
        return not_read(name, f"can't be compiled: {error}", cause="syntax")


class _Collected:
    """What one execution of a file made."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self.dags: list[Dag] = []
        self.origins: list[str | None] = []
        self.problems: list[Problem] = []
        self.bodies: dict[tuple[str, str], Body] = {}

    def result(self, reads: Reads) -> FileResult:
        """All of it as one value."""
        return FileResult(
            file=self.name,
            dags=tuple(self.dags),
            origins=tuple(self.origins),
            problems=tuple(self.problems),
            assumptions=tuple(Assumption(subject=s, assumed=a) for s, a in self.session.assumed),
            reads=reads,
            unordered=self.session.unordered,
        )

    def take(self, module: types.ModuleType) -> None:
        """Convert the DAGs that the file made, in order."""
        places: dict[str, int] = {}
        for dag in self._defined(module):
            made = self._converted(dag)
            if made is None:
                continue
            if made.dag_id in places:
                self._twice(dag, self.dags[places[made.dag_id]])
                continue
            places[made.dag_id] = len(self.dags)
            self.dags.append(made)
            self.origins.append(dag.origin)
            self.bodies |= bodies_of(dag)

    def _converted(self, dag: Any) -> Dag | None:
        """A DAG as a value; ``None`` if there are problems with it."""
        try:
            converter = Converter(dag, self.name, self.session.profile)
            made = converter.convert()
        except Exception as error:  # whatever a file may put into a DAG
            said = f"{type(error).__name__}: {error}"
            text = f"an argument of it or of its tasks can't be used ({said})"
            self.problems.append(
                Problem(
                    cause="value",
                    message=f"{text}. DAG {dag.dag_id!r} is left out.",
                    file=self.name,
                    line=dag.line,
                    dag_id=dag.dag_id,
                )
            )
            return None
        self.problems += converter.problems
        return made

    def _twice(self, dag: Any, first: Dag) -> None:
        self.problems.append(duplicate(dag.dag_id, self.name, dag.line, first))

    def _defined(self, module: types.ModuleType) -> Iterator[Any]:
        """DAGs at module level, and those that registered themselves."""
        seen: set[int] = set()
        waiting = [*vars(module).values(), *self.session.dags]
        while waiting:
            dag = waiting.pop(0)
            if isinstance(dag, DAG) and id(dag) not in seen:
                seen.add(id(dag))
                yield dag
                waiting += _subdags(dag)

    def failed(self, error: BaseException, file: Path) -> None:
        """The file raised."""
        line = _line_in(error, file)
        ids: Mapping[str, Any] = {}
        cause: Any = "import"
        if isinstance(error, DagInvalid):
            said, cause = str(error), error.cause
            ids = {"dag_id": error.dag_id, "task_id": error.task_id}
        else:
            said = _explained(error)
        text = f"{said}; the file is left out"
        self.problems.append(Problem(cause=cause, message=text, file=self.name, line=line, **ids))


def duplicate(dag_id: str, file: str, line: int | None, first: Dag) -> Problem:
    """A dag_id that is defined once more."""
    return Problem(
        cause="duplicate",
        message=f"dag_id {dag_id!r} is already defined in {first.file}"
        f"{f' line {first.line}' if first.line else ''}; the first one is used. "
        "Give one of them another dag_id",
        file=file,
        line=line,
        dag_id=dag_id,
    )


def _subdags(dag: DAG) -> list[Any]:
    """DAGs that run only as a task of this one; they have no schedule of their own."""
    found = [vars(task)["subdag"] for task in dag.tasks if vars(task).get("subdag") is not None]
    for subdag in found:
        if isinstance(subdag, DAG):
            subdag.schedule = None
    return found


def _line_in(error: BaseException, file: Path) -> int | None:
    """The last line of the DAG file that was reached before the error."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return lines[-1] if lines else None


def _explained(error: BaseException) -> str:
    """What happened and, where it is known, what to do about it."""
    network = _network_error(error)
    if network is not None:
        return str(network)
    if isinstance(error, SystemExit):
        return f"the file ends the program while it is loaded (exit code {error.code!r})"
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, RecursionError):
        return f"{said} (the file calls itself without end while it is loaded)"
    if isinstance(error, MemoryError):
        return "the file needs more memory than it may have while it is loaded"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{said} (install what provides it, or put {error.name} into the DAGs folder)"
    return f"the file fails while it is loaded: {OUR_NAMES.sub('', said)}"


OUR_NAMES = re.compile(r"\bwindtunnel(?:_dag_file_\w+|\.loaders\.standin(?:\.\w+)?)\.(?=\w)")
"""What Python calls a file's own and the stand-in's functions, and nobody else does."""


def _network_error(error: BaseException | None) -> BaseException | None:
    """The attempt to reach the network behind an error, however often it was wrapped."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, NetworkRefusedError):
            return error
        error = error.__cause__ or error.__context__
    return None
