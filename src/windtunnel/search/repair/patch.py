"""Patch: a keyword argument of a call in a DAG file, changed in its text.

Only where it is clear which call makes the task or the DAG, and that it makes no others: a call
with the task_id, or the dag_id, in it, on the line on which the operator was created. Whatever else
stands in the file stays as it is, byte for byte.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff

from windtunnel.detect import Edit
from windtunnel.model import Dag, Fleet

DAG_CALLS = frozenset({"DAG", "dag"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the text something else is to stand."""

    start: int
    end: int
    text: str


def edited(source: str, edits: Iterable[Edit], fleet: Fleet) -> str | None:
    """The text of a DAG file with these edits; None if it isn't clear how to make one of them.

    Args:
        source: The text as it is.
        edits: All of this file.
        fleet: What the file makes, beside others: a call that makes more tasks than are to be
            changed is left alone.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    lines = _Offsets(source)
    places: dict[tuple[int, int], _Place] = {}
    for same in _by_call(edits):
        call = _call(tree, same, fleet)
        place = None if call is None else _place(lines, call, same[0])
        if place is None or places.setdefault((place.start, place.end), place) != place:
            return None
    text = source
    for place in sorted(places.values(), key=lambda one: one.start, reverse=True):
        text = text[: place.start] + place.text + text[place.end :]
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    return None if text == source else text


def diff(path: str, before: str, after: str) -> str:
    """A unified diff that ``git apply`` takes, in the folder to which the path is relative."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    told = []
    for line in unified_diff(old, new, f"a/{path}", f"b/{path}"):
        told.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(told)


def _by_call(edits: Iterable[Edit]) -> list[list[Edit]]:
    groups: dict[tuple[int | None, bool, str], list[Edit]] = {}
    for one in edits:
        groups.setdefault((one.line, one.task_id is None, one.argument), []).append(one)
    return list(groups.values())


def _call(tree: ast.Module, edits: list[Edit], fleet: Fleet) -> ast.Call | None:
    """The one call that makes these tasks, or DAGs, and nothing else."""
    first = edits[0]
    if first.line is None or len({edit.value for edit in edits}) > 1:
        return None
    wanted = {(edit.dag_id, edit.task_id) for edit in edits}
    made = {
        (dag.dag_id, task_id)
        for dag in fleet.dags
        if dag.file == first.file
        for task_id, line in _made(dag, first)
        if line == first.line
    }
    if wanted != made:
        return None
    found = [call for call in _calls(tree, first.line) if _makes(call, first)]
    return found[0] if len(found) == 1 else None


def _made(dag: Dag, first: Edit) -> Iterator[tuple[str | None, int | None]]:
    if first.task_id is None:
        yield None, dag.line
    else:
        yield from ((task.task_id, task.line) for task in dag.tasks)


def _calls(tree: ast.Module, line: int) -> Iterator[ast.Call]:
    """Calls that begin on a line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno == line:
            yield node


def _makes(call: ast.Call, edit: Edit) -> bool:
    """Whether it looks like the call that makes it, as far as its id is written there."""
    if edit.task_id is None:
        if _name(call.func) not in DAG_CALLS:
            return False
        named = [k.value for k in call.keywords if k.arg == "dag_id"] or call.args[:1]
        return all(_may_be(value, edit.dag_id) for value in named)
    named = [k.value for k in call.keywords if k.arg == "task_id"]
    return bool(named) and all(_may_be(value, edit.task_id.rpartition(".")[2]) for value in named)


def _may_be(value: ast.expr, name: str) -> bool:
    return not isinstance(value, ast.Constant) or value.value == name


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


def _place(lines: _Offsets, call: ast.Call, edit: Edit) -> _Place | None:
    """The value that is there already; else behind the id, or the first argument."""
    for keyword in call.keywords:
        if keyword.arg == edit.argument:
            return _Place(*lines.span(keyword.value), edit.value)
    if any(keyword.arg is None for keyword in call.keywords):
        return None  # it may be in there, and can't be given twice
    ids = [k for k in call.keywords if k.arg == ("dag_id" if edit.task_id is None else "task_id")]
    positional = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
    if len(positional) < len(call.args):
        return None
    behind: ast.expr | ast.keyword
    if ids:
        behind = ids[0]
    elif call.keywords:
        behind = call.keywords[-1]
    else:
        return None if not positional else _after(lines, call, positional[-1], edit)
    return _after(lines, call, behind, edit)


def _after(lines: _Offsets, call: ast.Call, arg: ast.expr | ast.keyword, edit: Edit) -> _Place:
    start, end = lines.span(arg)
    new = f"{edit.argument}={edit.value}"
    if lines.before(start).strip() or arg.lineno == call.lineno:
        return _Place(end, end, f", {new}")
    # On a line of its own, and behind what is said of the one above.
    rest = re.match(r",[ \t]*(#[^\n]*)?(?=\r?\n)", lines.source[end:])
    if rest is None:
        return _Place(end, end, f",{lines.newline}{lines.before(start)}{new}")
    at = end + rest.end()
    return _Place(at, at, f"{lines.newline}{lines.before(start)}{new},")


class _Offsets:
    """Positions in a text; those of `ast` count bytes within a line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.newline = "\r\n" if "\r\n" in source else "\n"
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """From where to where it stands."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._at(node.lineno, node.col_offset), self._at(end_line, end)

    def before(self, at: int) -> str:
        """What stands before this position on its line."""
        return self.source[self.source.rfind("\n", 0, at) + 1 : at]

    def _at(self, line: int, column: int) -> int:
        prefix = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(prefix)
