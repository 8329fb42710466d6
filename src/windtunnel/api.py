"""The verbs that people call: load, simulate, check, replay. Every room is behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from windtunnel import loaders, search
from windtunnel.detect import Finding, detect, sort_out
from windtunnel.engine import Simulation
from windtunnel.errors import InvalidInput
from windtunnel.faults import AnyFault
from windtunnel.faults import settled as settled_faults
from windtunnel.lint import lint
from windtunnel.loaders.shapes import one_of, several_of
from windtunnel.model import (
    Backfill,
    Behavior,
    Cluster,
    Fleet,
    Isolation,
    ManualRun,
    Scenario,
    SearchProfile,
)
from windtunnel.model.base import Value
from windtunnel.result import (
    DagRun,
    Difference,
    Failure,
    Landing,
    Landings,
    Report,
    Result,
    State,
    Task,
    diff,
)
from windtunnel.search import (
    Proof,
    Telling,
    covered,
    explore,
    identify,
    recall,
    recheck,
    recheck_all,
    settled,
    with_stored,
)
from windtunnel.search import vary as varied
from windtunnel.sweep import HERE, Backend, Kept, read_backend, ready
from windtunnel.trace import Output, Trace
from windtunnel.window import check_length, check_start, chosen, triggered

DEFAULT_STORE = Path(".windtunnel")

Accept = Mapping[str, Iterable[str] | Mapping[str, str]]
"""Glob over dag_id -> codes of findings that don't count, perhaps each with a reason."""
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""
STEPS = 100
PROOF_EFFORT = 1_000_000
"""Of a solver for one question of a check: about a second."""


def load(
    path: str | Path,
    *,
    profile: str | None = None,
    airflow: loaders.AirflowChoice = "auto",
    airflow_python: str | Path | None = None,
) -> Fleet:
    """Load a folder of DAG files, or one file.

    What can't be used is in ``Fleet.problems``; what had to be assumed in ``Fleet.assumptions``.

    Args:
        path: The folder or file.
        profile: The Airflow release whose defaults hold; by default that of the real Airflow, if it
            reads the files, else ``airflow-3.3``.
        airflow: Who reads DAG files: ``"real"``, ``"stand-in"``, or ``"auto"``: the real Airflow if
            it is installed, else the stand-in.
        airflow_python: Python interpreter of the environment in which Airflow is installed, if that
            is another one.

    Raises:
        InvalidInput: there is nothing at this path, or it can't be read.
    """
    return loaders.load(path, profile=profile, airflow=airflow, airflow_python=airflow_python).fleet


def simulate(
    target: Scenario | Fleet,
    *,
    cluster: Cluster | str | Path | None = None,
    behavior: Behavior | None = None,
    start: datetime | date | str | None = None,
    window: str | float | timedelta | None = None,
    runs: Iterable[ManualRun | str] | str = (),
    backfills: Iterable[Backfill | str] | str = (),
    faults: Iterable[AnyFault | str] | AnyFault | str = (),
    seed: int | None = None,
    accept: Accept | None = None,
    execute: loaders.Loaded | None = None,
    isolate: Isolation | bool = False,
    show: Callable[[Output], None] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Simulate once. What is not given is the scenario's own.

    A fleet alone says nothing of time: without *start* and *window* these are chosen from its
    schedules, and without *runs* DAGs that nothing would run are triggered once at the start; both
    are among the assumptions.

    Args:
        target: A scenario, or a fleet to make one of.
        cluster: The deployment, or the path of a cluster file.
        behavior: What tasks do.
        start: First instant of the window; text such as ``"2026-03-01"`` and dates are UTC.
        window: Its length: seconds, a timedelta, or ``"90m"``, ``"2d"``.
        runs: Manual runs; a string is a dag_id, triggered at the start.
        backfills: Backfills beside the scenario's own, as values or in words:
            ``"etl from 2026-01-01 to 2026-02-01"``.
        faults: What goes wrong beside the scenario's own faults: one, or several. As verbs,
            ``windtunnel.fail("etl.load", tries=1)``, as values of `windtunnel.model`, or in words:
            ``"worker lost: 1 of 4 at +10m"``.
        seed: Keys all randomness.
        accept: Findings that don't count, beside those that the scenario accepts, by glob over
            dag_id: ``{"etl": ["WT113"]}``, or with reasons, ``{"etl": {"WT113": "by hand"}}``.
        execute: What was loaded from the DAG files: their real callables run in the place of
            modelled tries, at simulated time.
        isolate: Run each try of a real callable in a process of its own, within the limits of an
            `Isolation`; True: within its defaults.
        show: Called with what a real callable printed; without it that is only in the trace.
        progress: Called a hundred times on the way, with simulated time as the measure.

    Raises:
        InvalidInput: a value can't be used, or the fleet has nothing to simulate.
    """
    scenario = scenario_of(
        target,
        cluster=cluster,
        behavior=behavior,
        start=start,
        window=window,
        runs=runs,
        backfills=backfills,
        faults=faults,
        seed=seed,
        accept=accept,
    )
    if execute is None:
        if isolate:
            raise InvalidInput("isolate: only real callables can be isolated; give execute, too")
        trace = _run(Simulation(scenario), progress)
        return _result(scenario, trace, (*detect(scenario, trace), *lint(scenario)))
    if not isinstance(execute, loaders.Loaded):
        raise InvalidInput(
            f"execute={execute!r}: give it what windtunnel.loaders.load(path) returned, and its "
            "fleet as the target; the callables are in there"
        )
    # Imported here: the freezer and the templates are heavy, and few simulations need them.
    from windtunnel.execute import Executed, place_of  # noqa: PLC0415

    limits = _isolation(isolate)
    with place_of(execute, scenario.cluster, limits) as place, Executed(place, show) as executed:
        trace = _run(Simulation(scenario, bodies=executed), progress)
    return _result(scenario, trace, (*detect(scenario, trace), *lint(scenario)), executed.ran)


def _result(
    scenario: Scenario,
    trace: Trace,
    found: Iterable[Finding],
    executed: frozenset[tuple[str, str]] = frozenset(),
) -> Result:
    said = sort_out(scenario.accept, found)
    return Result(scenario, trace, said.findings, executed, said.possible, said.accepted)


def _isolation(asked: Isolation | bool) -> Isolation | None:
    return asked if isinstance(asked, Isolation) else Isolation() if asked else None


def _run(simulation: Simulation, progress: Progress | None) -> Any:
    if progress is not None:
        clock = simulation.clock
        clock.process(_reporting(clock, max(1, simulation.end_us // STEPS), progress))
    return simulation.run()


def _reporting(clock: Any, step_us: int, progress: Progress) -> Generator[Any, Any, None]:
    """A process beside the scheduler that only looks at the clock."""
    for done in range(STEPS):
        progress("Simulating", done, STEPS)
        yield clock.timeout(step_us)


def scenario_of(
    target: Scenario | Fleet,
    *,
    cluster: Cluster | str | Path | None = None,
    behavior: Behavior | None = None,
    start: datetime | date | str | None = None,
    window: str | float | timedelta | None = None,
    runs: Iterable[ManualRun | str] | str = (),
    backfills: Iterable[Backfill | str] | str = (),
    faults: Iterable[AnyFault | str] | AnyFault | str = (),
    seed: int | None = None,
    accept: Accept | None = None,
    jitter: str | float | None = None,
    faults_up_to: int | None = None,
) -> Scenario:
    """The scenario that these arguments describe; see `simulate` and `check`.

    Args:
        jitter: How much later than due scheduled runs may come: seconds, or ``"5m"``.
        faults_up_to: How many tries a search may let fail or die, wherever it likes.

    Raises:
        InvalidInput: a value can't be used.
    """
    scenario = target
    if isinstance(scenario, Fleet):
        scenario = Scenario(fleet=scenario, start=loaders.DEFAULT_START)
        if cluster is None:
            scenario = _with_pools(scenario)
    changes: dict[str, Any] = {}
    if cluster is not None:
        one_of("cluster", cluster, (Cluster, str, Path), "a windtunnel.Cluster or a cluster file")
        changes["cluster"] = (
            cluster if isinstance(cluster, Cluster) else loaders.read_cluster(cluster)
        )
    if behavior is not None:
        one_of("behavior", behavior, (Behavior,), "a windtunnel.Behavior")
        changes["behavior"] = behavior
    if start is not None:
        one_of("start", start, (str, date), "a date or time, such as 2026-03-01")
        shown = start.isoformat() if isinstance(start, date) else start
        changes["start"] = instant(start, f"start={shown}")
    if window is not None:
        changes["duration_s"] = length(window, f"window={window!r}")
    if seed is not None:
        one_of("seed", seed, (int,), "a whole number")
        changes["seed"] = seed
    if accept is not None:
        changes["accept"] = loaders.merged_accepts(
            scenario.accept, loaders.parse_accepts(accept, "accept")
        )
    if jitter is not None:
        one_of("jitter", jitter, (str, int, float), "seconds, or a length such as 5m")
        late = loaders.parse_duration(jitter) if isinstance(jitter, str) else float(jitter)
        if not 0 <= late < math.inf:
            raise InvalidInput(f"jitter={jitter!r}: must be 0 or more seconds")
        changes["jitter_s"] = late
    if faults_up_to is not None:
        if not isinstance(faults_up_to, int) or faults_up_to < 0:
            raise InvalidInput(f"faults_up_to={faults_up_to!r}: must be a whole number from 0 on")
        changes["faults_up_to"] = faults_up_to
    changes |= _manual_runs(scenario, runs)
    used = changes.get("cluster", scenario.cluster)
    given = several_of("faults", faults, (str, Value), "a fault, as a value or in words")
    read = (loaders.parse_fault(one) if isinstance(one, str) else one for one in given)
    more = settled_faults(read, scenario.model_copy(update={"cluster": used}))
    faulty = (*scenario.faults, *more)
    names = loaders.numbered_faults(scenario.faults)
    pairs = zip(given, more, strict=True)
    said = [f if isinstance(f, str) else loaders.said_fault(one) for f, one in pairs]
    names += [f"fault {text!r}" for text in said]
    changes["faults"] = loaders.with_new_versions(faulty, Path(), used, names)
    asked = several_of("backfills", backfills, (str, Backfill), "a backfill")
    filled = tuple(loaders.parse_backfill(b) if isinstance(b, str) else b for b in asked)
    changes["backfills"] = (*scenario.backfills, *filled)
    made = scenario.model_copy(update=changes)
    loaders.check_targets(
        made.faults, made.fleet, made.cluster, made.start, made.resources, names=names
    )
    loaders.check_backfills(made)
    check_start(made.start, f"start={made.start.isoformat()}")
    check_length(made.duration_s, f"duration={made.duration_s:g} s")
    if isinstance(target, Scenario):
        return made
    return triggered(chosen(made, start=start is None, length=window is None))


def instant(given: datetime | date | str, said: str) -> datetime:
    """A start as an aware datetime; text and dates are in UTC unless they say otherwise.

    Raises:
        InvalidInput: it is no date or time, or out of bounds; *said* is how the user gave it.
    """
    at: datetime | date = given  # type: ignore[assignment]
    if isinstance(given, str):
        try:
            at = datetime.fromisoformat(given)
        except ValueError:
            raise InvalidInput(
                f"{said}: not a date or time; write 2026-03-01 or 2026-03-01T02:00+01:00"
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    elif not isinstance(given, datetime):
        at = datetime(given.year, given.month, given.day, tzinfo=UTC)
    assert isinstance(at, datetime)
    check_start(at, said)
    return at


def length(given: str | float | timedelta, said: str) -> float:
    """A window's length in seconds.

    Raises:
        InvalidInput: it is none, or out of bounds; *said* is how the user gave it.
    """
    kinds = (str, int, float, timedelta)
    one_of(said.partition("=")[0].rstrip(), given, kinds, "seconds, or a length such as 90m or 2d")
    try:
        if isinstance(given, timedelta):
            given = given.total_seconds()
        seconds = loaders.parse_duration(given) if isinstance(given, str) else float(given)
    except InvalidInput as error:
        raise InvalidInput(f"{said}: {error}") from None
    check_length(seconds, said)
    return seconds


def _manual_runs(scenario: Scenario, runs: Iterable[ManualRun | str] | str) -> dict[str, Any]:
    """The manual runs as a change of the scenario, if there are any.

    Raises:
        InvalidInput: one is of a DAG that the fleet doesn't have.
    """
    schedules = {dag.dag_id: dag.schedule for dag in scenario.fleet.dags}
    asked = several_of("runs", runs, (str, ManualRun), "a dag_id or a windtunnel.ManualRun")
    # A second after the start: at the same instant it would have the logical date of a run that is
    # scheduled then, and Airflow has one run for each logical date.
    manual = tuple(
        ManualRun(dag_id=run, at_s=0.0 if schedules.get(run) is None else 1.0)
        if isinstance(run, str)
        else run
        for run in asked
    )
    for one in (*manual, *scenario.manual_runs):
        if one.dag_id not in schedules:
            listed = ", ".join(sorted(schedules)) or "none"
            raise InvalidInput(f"a run of DAG {one.dag_id!r} is asked for; the fleet has: {listed}")
    return {"manual_runs": manual} if manual else {}


def _with_pools(scenario: Scenario) -> Scenario:
    """Nobody said anything of a cluster, so the pools that tasks name are assumed."""
    cluster, said = loaders.assume_pools(scenario.cluster, scenario.fleet)
    fleet = scenario.fleet
    assumed = fleet.model_copy(update={"assumptions": (*said, *fleet.assumptions)})
    return scenario.model_copy(update={"cluster": cluster, "fleet": assumed}) if said else scenario


def prove(target: Scenario | Fleet, **changes: Any) -> Proof:
    """For which DAGs a deadlock is excluded, whatever takes how long and comes first.

    No simulation is made. What is not proved may still never deadlock: ``candidates`` are where to
    look for one, and ``not_covered`` says why nothing is said.

    Args:
        target: A scenario, or a fleet to make one of.
        changes: As for `scenario_of`: what `simulate` takes, ``faults_up_to``.

    Raises:
        InvalidInput: a value can't be used.
    """
    return search.prove(scenario_of(target, **changes))


def check(
    target: Scenario | Fleet,
    *,
    seeds: int | None = None,
    progress: Progress | None = None,
    store: Path | None = None,
    sources: Path | None = None,
    again: bool = False,
    vary: Iterable[str] | str = (),
    profile: SearchProfile | str = "ci",
    backend: Backend | str = HERE,
    kept: Kept | None = None,
    **changes: Any,
) -> Report:
    """Simulate many times, each time going another way, and explain and repair what is found.

    What can go either way: who of equal candidates comes first, how long things take within their
    range, how late scheduled runs come (``jitter``), which of the things that may happen do, and
    which tries fail or die where ``faults_up_to`` allows some.

    Args:
        target: A scenario, or a fleet to make one of.
        seeds: Simulations beside the first one; fewer if nothing can go another way. None: as many
            as the profile and the size of the fleet allow; with ``ci`` that takes some seconds.
        progress: Called after each simulation, and while fixes are looked for.
        store: Folder for counterexamples. None stores nothing, and findings have no id to replay.
        sources: The folder to which the paths of DAG files are relative: fixes in these are then
            written as patches beside the counterexamples.
        again: Whether what is stored of the same scenario is simulated first; what doesn't fail
            any more is removed from the store. ``Report.rechecked`` tells.
        vary: Settings to search with other values of, each alone: ``"pool db=1..6"``,
            ``"worker slots=1,2,4"``. ``Report.varied`` tells what is found with each.
        profile: How hard to search: ``"dev"``, ``"ci"``, ``"nightly"``, or a `SearchProfile`. Its
            jitter and faults hold where nobody else says them.
        backend: Where simulations are made, which makes no difference to what is found: in this
            process, or ``"processes=4"``, ``"dask=tcp://head:8786"``, ``"ray"``.
        kept: Where simulations are kept until everything is done, for the case that it is
            interrupted: ``with windtunnel.sweep.keeping(folder) as kept:``.
        changes: As for `scenario_of`: what `simulate` takes, ``jitter``, ``faults_up_to``.

    Raises:
        InvalidInput: a value can't be used, or the backend.
    """
    tell = progress or _silent
    on = read_backend(backend) if isinstance(backend, str) else backend
    profile = loaders.search_profile(profile) if isinstance(profile, str) else profile
    scenario = _searched(scenario_of(target, **changes), profile)
    if seeds is None and profile.simulations is not None:
        seeds = profile.simulations - 1
    if seeds is not None:
        one_of("seeds", seeds, (int,), "a whole number")
    asked = several_of("vary", vary, (str,), "a setting and its values, such as 'pool db=1..6'")
    settings = [loaders.parse_setting(one) for one in asked]
    for setting in settings:
        # What isn't there is told at once.
        loaders.with_setting(scenario, setting.name, setting.values[0])
    ready(on)
    stored = list(recheck_all(store, scenario)) if again and store is not None else []
    exploration = explore(
        scenario,
        seeds,
        lambda done, all_: tell("Simulating", done, all_),
        effort=profile.searching,
        on=on,
        kept=kept,
    )
    exploration.found = with_stored(exploration.found, stored)
    telling = Telling(scenario, profile, store, sources, tell)
    said = telling.told(exploration, stored)
    result = Result(
        scenario, exploration.first, said.findings, frozenset(), said.possible, said.accepted
    )
    return Report(
        scenario,
        said.findings,
        exploration.simulations,
        covered(scenario, exploration, _flown(scenario)),
        result,
        result.problems,
        result.assumptions,
        telling.not_kept,
        exploration.unreached,
        varied(
            scenario,
            settings,
            seeds,
            partial(tell, "Varying settings"),
            effort=profile.searching,
            on=on,
            kept=kept,
        ),
        settled(stored, telling.findings, store),
        search.prove(scenario, effort=round(PROOF_EFFORT * profile.searching)),
        profile.name,
    )


def _searched(scenario: Scenario, profile: SearchProfile) -> Scenario:
    """With the profile's jitter and faults, where nobody has said anything of them."""
    said = {"jitter_s": profile.jitter_s, "faults_up_to": profile.faults_up_to}
    unsaid = said.keys() - scenario.model_fields_set
    return scenario.model_copy(
        update={name: said[name] for name in sorted(unsaid) if said[name] is not None}
    )


def _flown(scenario: Scenario) -> str:
    """What goes wrong in all of these simulations."""
    faults = loaders.said_faults(scenario.faults)
    wrong = [f"faults: {faults}"] if faults else []
    if scenario.faults_up_to:
        some = "a try" if scenario.faults_up_to == 1 else f"up to {scenario.faults_up_to} tries"
        wrong.append(f"{some} may fail or die wherever that hurts")
    wrong = wrong or ["no faults"]
    if scenario.jitter_s:
        wrong.append(f"scheduled runs up to {scenario.jitter_s:g} s late")
    loop = "delays" if scenario.cluster.loop else "no delays"
    return "; ".join([*wrong, f"{loop} of the scheduler"])


def _silent(_: str, __: int, ___: int) -> None:
    """Progress that nobody looks at."""


def replay(
    name: str,
    target: Scenario | Fleet | None = None,
    *,
    store: Path = DEFAULT_STORE,
    progress: Progress | None = None,
    **changes: Any,
) -> Report:
    """Simulate a stored counterexample again. What it came to is in ``Report.rechecked``: FAILED,
    it still shows its finding; FIXED, it shows nothing any more; CHANGED, it shows something else.

    Args:
        name: Its id.
        target: A scenario or a fleet whose DAGs, cluster and behavior are to be simulated in the
            place of those that were stored.
        store: The folder in which it is.
        progress: Told when it begins.
        changes: As for `scenario_of`, of the target.

    Raises:
        InvalidInput: there is no such counterexample, it can't be read, or the target has none of
            its DAGs.
    """
    kept = recall(store, name)
    if target is None and changes:
        raise InvalidInput(f"{', '.join(changes)}: of which DAGs? Give a target, too")
    if progress is not None:
        progress("Simulating", 0, 1)
    today = None if target is None else scenario_of(target, **changes)
    one = recheck(name, kept, today)
    is_edited = today is None and identify(kept.scenario, kept.finding) != name
    once = "the stored counterexample, once"
    if is_edited:
        once += "; its file is not as windtunnel stored it, so the id is no longer its own"
    elif today is not None:
        once += ", with the DAGs, the cluster and the behavior of today"
    if one.verdict == "FAILED" and today is None and not is_edited:
        findings: tuple[Finding, ...] = (kept.finding,)
    else:
        told = {"counterexample": name, "fixes": kept.finding.fixes}
        findings = tuple(
            f.model_copy(update=told) if one.verdict == "FAILED" else f for f in one.found
        )
    if one.verdict != "FAILED" and today is None:
        why = "its file was changed" if is_edited else "windtunnel decides differently"
        one = replace(one, why="; ".join(filter(None, (one.why, f"{why} since it was stored"))))
    result = Result(one.scenario, one.trace, findings)
    return Report(
        one.scenario,
        findings,
        1,
        once,
        result,
        result.problems,
        result.assumptions,
        rechecked=(one,),
    )


__all__ = [
    "DEFAULT_STORE",
    "DagRun",
    "Difference",
    "Failure",
    "Landing",
    "Landings",
    "Progress",
    "Proof",
    "Report",
    "Result",
    "State",
    "Task",
    "check",
    "diff",
    "instant",
    "length",
    "load",
    "prove",
    "replay",
    "scenario_of",
    "simulate",
]
