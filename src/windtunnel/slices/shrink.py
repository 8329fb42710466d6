"""Make a counterexample small: what can be left out is, until everything that is left matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from windtunnel.choices import Answer
from windtunnel.slices.fleet import RUNS, Dag, Slice, Step, Trigger, Wait
from windtunnel.slices.search import replay


@dataclass(frozen=True, slots=True)
class Case:
    """A slice and the answers with which one simulation shows something."""

    of: Slice
    answers: tuple[Answer, ...]


def shrink(case: Case, verdict: str) -> Case:
    """The smallest case that can be reached by leaving one thing out, again and again.

    Left out are DAGs, tasks, dag runs, faults that may strike, answers; answers also become
    calmer. The same verdict stays, and the same tasks take part in it.
    """
    wanted = replay(case.of, case.answers)[verdict]
    smaller: Case | None = case
    while smaller is not None:
        case = smaller
        smaller = next((one for one in without(case) if _shows(one, verdict, wanted)), None)
    return case


def _shows(case: Case, verdict: str, wanted: frozenset[str]) -> bool:
    return replay(case.of, case.answers).get(verdict) == wanted


def without(case: Case) -> Iterator[Case]:
    """The case without one of its parts, the largest parts first."""
    dags = case.of.dags
    for number, dag in enumerate(dags):
        others = dags[:number] + dags[number + 1 :]
        if others and not any(_is_of(step, dag.name) for step in _steps(others)):
            yield Case(replace(case.of, dags=others), case.answers)
    for number, dag in enumerate(dags):
        for changed in _smaller(dag, _awaited_tasks(case.of, dag.name)):
            yield Case(
                replace(case.of, dags=(*dags[:number], changed, *dags[number + 1 :])), case.answers
            )
        awaited = _awaited_runs(case.of, dag.name)
        for k in range(len(dag.at)):
            if k in awaited:
                continue
            fewer = replace(dag, at=dag.at[:k] + dag.at[k + 1 :])
            made = replace(case.of, dags=(*dags[:number], fewer, *dags[number + 1 :]))
            yield Case(made, case.answers)
            yield Case(made, tuple(_earlier(answer, dag.name, k) for answer in case.answers))
    if case.of.max_faults:
        yield Case(replace(case.of, max_faults=case.of.max_faults - 1), case.answers)
    for number, answer in enumerate(case.answers):
        for value in range(answer.value):
            calmer = (replace(answer, value=value),) if value else ()
            yield Case(case.of, (*case.answers[:number], *calmer, *case.answers[number + 1 :]))


def _steps(dags: tuple[Dag, ...]) -> Iterator[Step]:
    for dag in dags:
        for task in dag.tasks:
            yield from (*task.steps, *task.retry_steps)


def _is_of(step: Step, dag: str) -> bool:
    """Whether a step needs this DAG to mean what it means."""
    return isinstance(step, Trigger | Wait) and step.dag == dag


def _awaited_tasks(of: Slice, dag: str) -> set[str | None]:
    """Tasks of the DAG that others wait for: without them, they would wait for something else."""
    return {step.task for step in _steps(of.dags) if isinstance(step, Wait) and step.dag == dag}


def _awaited_runs(of: Slice, name: str) -> set[int]:
    """Numbers of the DAG's scheduled runs that others wait for."""
    found: set[int] = set()
    for number, dag in enumerate(of.dags):
        for step in _steps((dag,)):
            if isinstance(step, Wait) and step.dag == name:
                runs = range(RUNS if number in of.created_on_the_way else len(dag.at))
                found |= {k + step.offset if step.run is None else step.run for k in runs}
    return found


def _smaller(dag: Dag, awaited: set[str | None]) -> Iterator[Dag]:
    """The DAG without one of its tasks, or with one that can't fail."""
    for number, task in enumerate(dag.tasks):
        if len(dag.tasks) > 1 and task.name not in awaited:
            rest = dag.tasks[:number] + dag.tasks[number + 1 :]
            after = tuple(
                replace(
                    other,
                    after=tuple(
                        dict.fromkeys(
                            before
                            for name in other.after
                            for before in (task.after if name == task.name else (name,))
                        )
                    ),
                )
                for other in rest
            )
            yield replace(dag, tasks=after)
        # The last one only: answers name faults by their number.
        if task.faults:
            fewer = replace(task, faults=task.faults[:-1])
            yield replace(dag, tasks=(*dag.tasks[:number], fewer, *dag.tasks[number + 1 :]))


def _earlier(answer: Answer, dag: str, k: int) -> Answer:
    """The answer, where a run of the DAG before it is gone."""
    name, run, *rest = answer.actor
    if name == dag and isinstance(run, int) and run > k:
        return replace(answer, actor=(name, run - 1, *rest))
    return answer


def shows_without(case: Case, verdict: str) -> Case | None:
    """A case with one part less that shows the same; None: the case is minimal."""
    wanted = replay(case.of, case.answers).get(verdict)
    if wanted is None:
        return case
    return next((one for one in without(case) if _shows(one, verdict, wanted)), None)
