"""``windtunnel explain``: the page of a code, or why a task instance waited."""

from __future__ import annotations

from windtunnel import api
from windtunnel.cli.exits import CLEAN
from windtunnel.cli.terminal import Terminal
from windtunnel.errors import InvalidInput
from windtunnel.explain import page, pages
from windtunnel.explain.codes import is_code
from windtunnel.explain.explanation import Tick
from windtunnel.report import codes_json, codes_text, page_json, waiting_json, waiting_text
from windtunnel.target import Asked, read


def explain(
    what: str | None,
    target: str | None,
    asked: Asked,
    terminal: Terminal,
    *,
    run: str | None = None,
    json: bool,
) -> int:
    """Print the page of a code, the list of all codes, or where the time of a task went.

    Raises:
        InvalidInput: there is no such code or task, or the target can't be used.
    """
    if what is None:
        terminal.show(codes_json(pages()) if json else codes_text(pages()))
    elif is_code(what):
        if target is not None:
            raise InvalidInput(f"{target}: a code needs no target; try windtunnel explain {what}")
        found = page(what)
        if json:
            terminal.show(page_json(found))
        else:
            terminal.show_page(found.text)
    elif "." in what:
        with terminal.only_reports(json), terminal.stages() as tell:
            scenario = read(target or ".", asked, tell).scenario
            result = api.simulate(scenario, progress=tell)
            told = result.explain(what, run, tell=None if tell is None else _telling(tell))
        terminal.show(waiting_json(told) if json else waiting_text(told))
    else:
        raise InvalidInput(
            f"{what}: neither the code of a finding, such as WT101, nor a task, such as etl.load"
        )
    return CLEAN


def _telling(tell: api.Progress) -> Tick:
    def tick(done: int, total: int) -> None:
        tell("Looking for what is enough", done, total)

    return tick
