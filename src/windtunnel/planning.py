"""The verb `plan`: how many workers, what pool size, so that deadlines hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from windtunnel.api import Progress, scenario_of
from windtunnel.capacity import Plan, Point, awaited, make_plan
from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_deadline, parse_part, parse_setting, said_deadline
from windtunnel.loaders.shapes import one_of, several_of
from windtunnel.model import Assumption, Deadline, Fleet, Question, Scenario, Setting
from windtunnel.result import assumed
from windtunnel.sweep import Backend, Kept, read_backend
from windtunnel.units import count, duration

__all__ = ["Plan", "Point", "plan", "question_of"]


def plan(
    target: Scenario | Fleet,
    question: Question | None = None,
    *,
    vary: Iterable[str | Setting] | str = (),
    deadlines: Iterable[str | Deadline] | str = (),
    share: float | str | None = None,
    confidence: float | str | None = None,
    precision: float | str | None = None,
    days: int | None = None,
    cost_per_worker_hour: float | None = None,
    elastic: bool | None = None,
    progress: Progress | None = None,
    backend: Backend | str | None = None,
    kept: Kept | None = None,
    **changes: Any,
) -> Plan:
    """How many workers, what pool size, which limits: the least with which deadlines hold.

    Each day is a simulation of the scenario's window under a seed of its own; all settings meet the
    same days. It goes on until it is known, with the confidence that is asked for, whether a
    setting is enough.

    ::

        found = windtunnel.plan(
            scenario,
            vary="workers=1..6",
            deadlines="report by 07:00",
            share="99%",
        )
        found.answer.settings, found.answer.low, found.answer.high

    Args:
        target: A scenario, or a fleet to make one of.
        question: What is asked; what is given beside it replaces its own.
        vary: What may vary: ``"workers=2..6"``, ``"pool db=4,8,16"``. The first is kept small first
            of all.
        deadlines: What has to be on time: ``"report by 07:00"``, ``"etl.load within 2h"``,
            ``"pool:db queued at most 5m"``. All of them have to hold.
        share: On how many of the runs that are due: 0.99, or ``"99%"``.
        confidence: Of the intervals, and of yes and no: 0.95.
        precision: Half the width of the interval at the answer, at most.
        days: Simulations of one setting, at most.
        cost_per_worker_hour: What a worker costs: the cheapest setting is looked for then.
        elastic: Whether workers are paid only while they run something.
        progress: Called as simulations are made.
        backend: Where simulations are made: ``"processes=4"``, ``"dask=tcp://head:8786"`` or
            ``"ray"``. None: in this process, or in one for each core where that is worth it. It
            has no influence on what comes out.
        kept: Where what was simulated is kept, so that an interrupted plan can go on.
        changes: As for `scenario_of`: what `simulate` takes.

    Raises:
        InvalidInput: a value can't be used, or the question can't be asked of this scenario.
    """
    asked = question_of(
        question,
        vary=vary,
        deadlines=deadlines,
        share=share,
        confidence=confidence,
        precision=precision,
        days=days,
        cost_per_worker_hour=cost_per_worker_hour,
        elastic=elastic,
    )
    scenario = scenario_of(target, **changes)
    on = read_backend(backend) if isinstance(backend, str) else backend
    made = make_plan(scenario, asked, tell=progress, on=on, kept=kept)
    said = (*scenario.fleet.assumptions, *_a_day(made), *assumed(scenario))
    return replace(made, assumptions=said)


def question_of(
    question: Question | None,
    *,
    vary: Iterable[str | Setting] | str = (),
    deadlines: Iterable[str | Deadline] | str = (),
    share: float | str | None = None,
    confidence: float | str | None = None,
    precision: float | str | None = None,
    **more: Any,
) -> Question:
    """The question that these arguments ask; see `plan`.

    Raises:
        InvalidInput: a value can't be used.
    """
    question = question or Question()
    one_of("question", question, (Question,), "a windtunnel.Question")
    vary = (vary,) if isinstance(vary, Setting) else vary
    deadlines = (deadlines,) if isinstance(deadlines, Deadline) else deadlines
    settings = several_of("vary", vary, (str, Setting), "a setting and its values: 'workers=2..6'")
    until = several_of("deadlines", deadlines, (str, Deadline), "such as 'report by 07:00'")
    said: dict[str, Any] = {
        "vary": tuple(parse_setting(one) if isinstance(one, str) else one for one in settings),
        "deadlines": tuple(parse_deadline(one) if isinstance(one, str) else one for one in until),
    }
    parts = {"share": share, "confidence": confidence, "precision": precision}
    for name, part in parts.items():
        if part is not None:
            said[name] = _part(name, part)
    said |= more
    given = {name: value for name, value in said.items() if value not in (None, ())}
    try:
        return Question.model_validate({**_fields(question), **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        said_so = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidInput(f"{name}={first['input']!r}: {said_so}") from None


def _part(name: str, given: float | str) -> float:
    try:
        return parse_part(given)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None


def _fields(question: Question) -> dict[str, Any]:
    return {name: getattr(question, name) for name in type(question).model_fields}


def _warm_up(made: Plan) -> Iterator[Assumption]:
    """What is simulated before each window."""
    longest = max((one.warm_up.seconds for one in made.points if one.warm_up.is_settled), default=0)
    if longest:
        yield Assumption(
            subject="before the window",
            assumed=f"up to {duration(longest)} are simulated first, and do not count: the load is "
            "the same at each hour, and queues are too short at first, as they begin empty; how "
            "long they remember that was measured in a longer simulation",
        )
    growing = [
        f"{_said(one)} (after {duration(one.warm_up.seconds)})"
        for one in made.points
        if not one.warm_up.is_settled
    ]
    if growing:
        yield Assumption(
            subject="queues that grow",
            assumed=f"with {'; '.join(growing)} more arrives than ends, or nearly: what is said of "
            "it holds for a window that comes so long after an empty begin, and no other",
        )


def _said(point: Point) -> str:
    return ", ".join(f"{name} = {value}" for name, value in point.settings)


def _a_day(made: Plan) -> Iterator[Assumption]:
    """What a simulated day is, and what of it does not count."""
    window = duration(made.scenario.duration_s)
    yield Assumption(
        subject="a day",
        assumed=f"{window} from {made.scenario.start:%Y-%m-%d %H:%M} UTC, each with luck of its "
        "own and without what another one left behind; what has failed, or has not landed when it "
        "ends, is late",
    )
    yield from _warm_up(made)
    for deadline in made.question.deadlines:
        found = awaited(deadline, made.scenario)
        if found.left_out:
            runs = count(found.left_out, "run")
            yield Assumption(
                subject=said_deadline(deadline),
                assumed=f"{runs} left out, as the window ends before the deadline",
            )
        if found.days:
            yield Assumption(
                subject=said_deadline(deadline),
                assumed=f"{found.dag_id} has no schedule of its own: it has to land once from each "
                "such time of day to the next, and from the start of the window to the first",
            )
