"""Simulation: one scenario from its first instant to its last; the only way to get a trace.

At every instant, in this order: tries that end, triggers that fire, a parse of the DAG files,
manual runs, then scheduler passes (create runs, start queued runs, examine running runs, the
critical section, hand-over to workers). Without `Cluster.loop` the scheduler runs at every instant
until nothing changes any more; with it, when its next loop begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

from windtunnel.choices import Answer, Choices, Replayed
from windtunnel.engine.agenda import Agenda
from windtunnel.engine.bindings import Bindings
from windtunnel.engine.clock import Clock
from windtunnel.engine.dag_runs.arrivals import Arrivals
from windtunnel.engine.dag_runs.creation import Creation
from windtunnel.engine.dag_runs.starts import Start
from windtunnel.engine.dag_runs.versions import Versions, compiled
from windtunnel.engine.executors import build, machines_of
from windtunnel.engine.executors.elastic import Scaling
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.executors.stuck import StuckInQueued
from windtunnel.engine.express import Express
from windtunnel.engine.faults import Faults
from windtunnel.engine.faults.mishaps import Mishaps
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import Program, micros
from windtunnel.engine.resources.courses import Courses
from windtunnel.engine.scheduler.loops import Loops, Scheduler
from windtunnel.engine.scheduler.paused import PausedRuns, look_at_paused
from windtunnel.engine.scheduler.queueing import CriticalSection
from windtunnel.engine.scheduler.readiness import Readiness
from windtunnel.engine.scheduler.runs import examine, timed_out
from windtunnel.engine.snapshots import take
from windtunnel.engine.steered import Steered
from windtunnel.engine.tries.attempts import Attempts
from windtunnel.engine.tries.losses import Losses
from windtunnel.engine.tries.plans import Bodies, Planner
from windtunnel.engine.tries.sensors import Sensors
from windtunnel.engine.tries.tries import Tries
from windtunnel.engine.tries.triggerer import Triggerer
from windtunnel.engine.tries.waits import CrossDagWaits
from windtunnel.engine.world import FINISHED, QUEUED, Run, World
from windtunnel.errors import SimulationRunaway
from windtunnel.model import Chosen, Scenario
from windtunnel.trace.states import RunState
from windtunnel.trace.trace import Trace

MAX_PASSES = 20_000
"""Scheduler passes within one instant: more is work that creates work without end."""

MAX_SNAPSHOTS = 64
"""Lulls kept of one simulation: the first ones explain the later ones."""


class Simulation:
    """One scenario while it runs. Foreign SimPy processes may be added to ``clock``.

    ``program`` is the compiled scenario, for those who simulate it often; ``durations`` are
    microseconds by task instance in order of creation, in the place of the behavior's, for those
    who draw theirs in bulk.
    """

    def __init__(
        self,
        scenario: Scenario,
        choices: Choices | None = None,
        bodies: Bodies | None = None,
        program: Program | None = None,
        durations: Sequence[int] | None = None,
    ) -> None:
        self.scenario = scenario
        self.end_us = micros(scenario.duration_s)
        program = program or compiled(scenario)
        if choices is None and scenario.choices is not None:
            choices = Replayed(_answers(scenario.choices))
        world = self.world = World(scenario, program)
        steered = None if choices is None else self._steered(choices)
        planner = Planner(world, bodies, durations)
        workers = build(world)
        section = CriticalSection(world, steered)
        waits = CrossDagWaits(world, self._before_forced_end, self._clear_run)
        agenda = Agenda(world)
        attempts = Attempts(world, planner, workers, agenda)
        triggerer = Triggerer(world, agenda, attempts, section, waits)
        courses = Courses(world, agenda, attempts, triggerer, workers=workers, waits=waits)
        sensors = Sensors(world, planner, attempts, triggerer, waits)
        losses = Losses(world, agenda, attempts, workers)
        readiness = Readiness(world, section)
        tries = Tries(
            world=world,
            agenda=agenda,
            planner=planner,
            workers=workers,
            waits=waits,
            attempts=attempts,
            courses=courses,
            triggerer=triggerer,
            sensors=sensors,
            losses=losses,
            readiness=readiness,
        )
        stuck = StuckInQueued(
            world=world,
            workers=workers,
            section=section,
            attempts=attempts,
            tries=tries,
            before_forced_end=self._before_forced_end,
        )
        self._parts = Parts(
            world=world,
            steered=steered,
            planner=planner,
            workers=workers,
            section=section,
            waits=waits,
            agenda=agenda,
            attempts=attempts,
            courses=courses,
            triggerer=triggerer,
            sensors=sensors,
            losses=losses,
            readiness=readiness,
            tries=tries,
            creation=Creation(world),
            start=Start(world),
            stuck=stuck,
            bindings=Bindings(world, workers),
        )
        self._arrivals = Arrivals(world, self._parts.creation, self._parts.start)
        if self._parts.creation.assets is not None:
            attempts.updates = self._parts.creation.assets.succeeded
        self._versions: Versions | None = None
        if program.versions:
            self._versions = Versions(world, self._parts.creation, self._note_started)
        tries.began = None if workers.unlimited else stuck.started
        self._loops: Loops | None = None
        self._handed_over: list[tuple[int, int, int]] = []
        """(when, number, task instance): on their way from the executor to a worker."""
        self._hand_overs = 0
        if scenario.cluster.loop is not None:
            tries.left = []
            self._loops = Loops(world, scenario.cluster.loop, tries.left)
        self._scaling = _scaling_of(world, workers)
        self._executor = None if scenario.cluster.executor is None else workers
        """If it does anything of its own accord."""
        self._timers: list[tuple[int, int]] = []
        """(time, run): instants at which a run must be looked at again."""
        self._faults = self._faults_of_scenario()
        self._express = Express(self._parts, self._other_due)
        self.clock = Clock(self)
        self._paused = PausedRuns(world)
        interval = scenario.cluster.min_file_process_interval_s
        self._parse_every = None if interval is None else micros(interval)
        self._next_parse: int | None = 0
        self._begun = False
        self._past_matters = any(dag.has_past for dag in program.dags)

    def _steered(self, choices: Choices) -> Steered:
        """All that can go either way is decided by these from now on."""
        world, mishaps = self.world, self.scenario.faults_up_to
        world.luck = steered = Steered(
            self.scenario.seed, choices, world.trace, lambda: world.now, mishaps
        )
        return steered

    def _faults_of_scenario(self) -> Faults | None:
        """Who strikes what, and who asks whether a scheduler is up."""
        parts, faults = self._parts, None
        if self.scenario.faults:
            faults = Faults(parts, self._loops, self._timers)
            parts.tries.strike = faults.strike
        if parts.steered is not None and self.scenario.faults_up_to:
            mishaps = Mishaps(self.world, parts.steered, parts.tries.strike)
            parts.tries.strike = mishaps.strike
        if faults is not None or self._executor is not None:
            parts.agenda.scheduler_is_up = lambda: self._scheduler_is_up
            parts.workers.scheduler_is_up = lambda: self._scheduler_is_up
        return faults

    def run(self) -> Trace:
        """Simulate the whole window and return what happened."""
        # The window is half open, as a day is: what falls on its end belongs to the next one.
        self.clock.run_until(self.end_us - 1)
        trace = self.world.trace
        trace.end_us = self.end_us
        self._parts.bindings.end_all(self.end_us)
        self._parts.courses.end_all(self.end_us)
        self._parts.start.end_all(self.end_us)
        trace.complete = self._upcoming() is None
        if any(run.state in (RunState.QUEUED, RunState.RUNNING) for run in self.world.runs):
            trace.snapshots.append(take(self._parts, "quiet" if trace.complete else "end"))
        return trace

    # -- the kernel's side of the clock -------------------------------------------------------

    def next_instant(self) -> int | None:
        """When something is due next."""
        if not self._begun:
            return 0
        due = self._upcoming()
        parse = None if self._next_parse is None else self._parse_due()
        if parse is None:
            return due
        if due is None:
            waits = self._faults is not None and self._parts.creation.waits_for_parse
            return parse if waits else None
        return min(due, parse)

    def _upcoming(self) -> int | None:
        """When something happens of itself. A parse alone is nothing: it matters to what comes."""
        due, other = self._parts.agenda.next_due(), self._next_time()
        if due is None or other is None:
            return other if due is None else due
        return min(due, other)

    def _other_due(self) -> int | None:
        """When something other than a try is due."""
        due = self._next_time()
        parse = None if self._next_parse is None else self._parse_due()
        return parse if due is None or (parse is not None and parse < due) else due

    def _parse_due(self) -> int | None:
        """When the DAG files are parsed next; one that is late waits for the DAG processor."""
        is_up = self._faults is None or self._faults.dag_processor_is_up
        return self._next_parse if is_up else None

    def _is_parse_due(self) -> bool:
        parse = self._parse_due()
        return parse is not None and parse <= self.world.now

    def _changes_due(self) -> int | None:
        """When the scheduler gets to know another version of a DAG next."""
        assert self._versions is not None
        deployed = self._versions.next_due()
        is_up = self._faults is None or self._faults.dag_processor_is_up
        if deployed is None or not is_up:
            return None
        return deployed if self._next_parse is None else max(deployed, self._next_parse)

    def _next_time(self) -> int | None:
        """When a run is due, a timer rings, somebody triggers a run, or the scheduler looks for
        tasks stuck in queued."""
        due = self._parts.creation.next_due()
        if due is not None and due <= self.world.now:
            due = None  # some scheduler knows, and creates it when it can
        if self._timers and (due is None or self._timers[0][0] < due):
            due = self._timers[0][0]
        asked = None
        if self._faults is None or self._faults.database_is_up:
            asked = self._arrivals.next_due()
        due = asked if due is None or (asked is not None and asked < due) else due
        if self._versions is not None:
            changes = self._changes_due()
            due = changes if due is None or (changes is not None and changes < due) else due
        if self._loops is not None:
            due = self._first_of_loops(due)
        if self._faults is not None:
            begins = self._faults.next_due()
            due = begins if due is None or (begins is not None and begins < due) else due
        if self._scaling is not None:
            scales = self._scaling.next_due()
            due = scales if due is None or (scales is not None and scales < due) else due
        if self._paused.changed:
            paused = self._paused.next_due()
            due = paused if due is None else min(due, paused)
        if self._executor is not None:
            own = self._executor.next_due()
            due = own if due is None or (own is not None and own < due) else due
        check = self._parts.stuck.next_check()
        return check if due is None or (check is not None and check < due) else due

    def _first_of_loops(self, due: int | None) -> int | None:
        assert self._loops is not None
        begins = self._loops.next_due() if self._scheduler_is_up else None
        arrives = self._handed_over[0][0] if self._handed_over else None
        return min((t for t in (due, begins, arrives) if t is not None), default=None)

    def run_ahead(self, limit: float) -> int:
        """Handle instants up to ``limit`` in which only plain work happens; return the last one."""
        return self._express.run(limit)

    def instant(self, now: int) -> None:
        """Do all that is due now."""
        world = self.world
        world.now = now
        world.trace.history.mark(now)
        self._begun = True
        rounds = 0
        while True:
            self._parts.agenda.handle_due()
            if self._faults is not None:
                self._faults.handle_due()
            if self._scaling is not None:
                self._scaling.handle_due()
            if self._executor is not None:
                self._executor.handle_due()
            if self._next_parse is not None and self._is_parse_due():
                self._parse()
            elif self._versions is not None:
                self._change_dags()
            if self._timers:
                self._look_at_timers()
            if self._paused.changed and self._scheduler_is_up:
                self._look_at_paused()
            if self._faults is None or self._faults.database_is_up:
                self._arrivals.handle_due()
            self._schedule()
            due = self._parts.agenda.next_due()
            if due is None or due > now:
                break
            rounds += 1
            if rounds > MAX_PASSES:
                raise self._runaway()
        if self._parts.stuck.watches and self._scheduler_is_up and self._parts.stuck.check():
            self._schedule()
        self._parts.bindings.note(self._parts.section)

    # -- one instant --------------------------------------------------------------------------

    def _parse(self) -> None:
        if self._versions is not None:
            self._change_dags()
        self._parts.creation.parse()
        every = self._parse_every
        self._next_parse = None if every is None else self.world.now + every

    def _change_dags(self) -> None:
        assert self._versions is not None
        changes = self._changes_due()
        if changes is not None and changes <= self.world.now:
            self._versions.parse()
            self._parts.tries.reap()

    def _look_at_paused(self) -> None:
        for run in self._paused.take_due():
            look_at_paused(self.world, run)
            if run.state != RunState.RUNNING:
                self._run_ended(run)

    def _look_at_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self.world.now:
            run = self.world.runs[heappop(self._timers)[1]]
            self.world.mark(run)

    @property
    def _scheduler_is_up(self) -> bool:
        if self._executor is not None and self._executor.blocks_scheduler:
            return False
        return self._faults is None or self._faults.scheduler_is_up

    def _schedule(self) -> None:
        """What the scheduler does at this instant, if there is one."""
        if not self._scheduler_is_up:
            self._parts.sensors.notice()
            self._arrive()
        elif self._loops is None:
            self._settle()
        else:
            self._run_loops(self._loops)

    def _settle(self) -> None:
        world = self.world
        for _ in range(MAX_PASSES):
            queued = self._pass()
            if world.ended:
                self._parts.sensors.notice()
            if not (self._has_work() or (queued and world.waiting)) or not self._scheduler_is_up:
                return
        raise self._runaway()

    def _has_work(self) -> bool:
        """Whether a scheduler pass has more to do than to look at what is scheduled."""
        if self._world_is_dirty():
            return True
        due = self._parts.creation.next_due()
        return due is not None and due <= self.world.now

    def _world_is_dirty(self) -> bool:
        return bool(self.world.dirty) or self._parts.start.has_work

    def _runaway(self) -> SimulationRunaway:
        world = self.world
        return SimulationRunaway(
            f"the scheduler does not settle at {world.datetime_at(world.now)}: "
            f"{MAX_PASSES} passes, "
            f"{len(world.runs)} runs. Is there a DAG that triggers itself without delay?"
        )

    def _pass(self) -> bool:
        """One scheduler loop; returns whether anything was queued."""
        world = self.world
        self._parts.creation.create_due()
        if self._parts.start.has_work:
            self._note_started(self._parts.start.start_queued())
        if world.dirty:
            self._examine_runs()
        free = world.cluster.executor_slots - world.occupied + world.uncounted
        if self._faults is not None:
            free -= self._faults.missing_slots()
        chosen = self._parts.section.choose(free) if world.waiting else []
        if self._faults is not None and chosen:
            self._faults.queued(chosen, None)
        for ti in chosen:
            world.queue(ti)
            self._parts.stuck.queued(ti)
            self._submit(ti)
        if self._parts.workers.any_waiting:
            self._begin_tries()
        return bool(chosen)

    # -- loop timing --------------------------------------------------------------------------

    def _run_loops(self, loops: Loops) -> None:
        """What workers took over by now begins; then the loops that begin now."""
        world = self.world
        for _ in range(MAX_PASSES):
            loops.note_ends()
            if world.ended:
                self._parts.sensors.notice()
            self._arrive()
            loops.wake(self._has_work())
            scheduler = loops.due()
            if scheduler is None:
                return
            self._loop(loops, scheduler)
        raise self._runaway()

    def _loop(self, loops: Loops, scheduler: Scheduler) -> None:
        """One loop of one scheduler; all that it does is done when it begins."""
        world = self.world
        scheduler.collect(world.now - scheduler.slept_us)
        self._parts.creation.create_due()
        if self._parts.start.has_work:
            started = self._parts.start.start_queued()
            self._note_started(started)
            loops.started(started)
        examined = loops.examine()
        for run in examined:
            if world.dirty.pop(run.index, None) is not None:
                self._examine(run)
        self._parts.tries.reap()
        workers = self._parts.workers
        free = world.cluster.parallelism - len(scheduler.held) - scheduler.leaked
        chosen = self._parts.section.choose(free) if world.waiting else []
        if self._faults is not None and chosen:
            self._faults.queued(chosen, scheduler.number)
        arrival = loops.handed_over(scheduler, len(chosen), len(examined))
        for ti in chosen:
            world.queue(ti)
            self._parts.stuck.queued(ti)
            if workers.counts(world.runs[world.ti_run[ti]].dag.tasks[world.ti_task[ti]]):
                scheduler.held.add(ti)
            self._hand_overs += 1
            heappush(self._handed_over, (arrival, self._hand_overs, ti))
        loops.note_ends()
        loops.ended(scheduler, len(chosen), len(examined), more=self._has_work())

    def _arrive(self) -> None:
        world = self.world
        while self._handed_over and self._handed_over[0][0] <= world.now:
            ti = heappop(self._handed_over)[2]
            if world.state[ti] == QUEUED:
                self._submit(ti)
        if self._parts.workers.any_waiting:
            self._begin_tries()

    def _note_started(self, runs: list[Run]) -> None:
        """Runs that just started: when they time out, and when a future logical date comes."""
        for run in runs:
            if run.dag.timeout_us is not None:
                heappush(self._timers, (run.started_us + run.dag.timeout_us + 1, run.index))
            logical = run.logical_us - self.world.ahead_us
            if logical > self.world.now:
                heappush(self._timers, (logical, run.index))

    def _examine_runs(self) -> None:
        world = self.world
        by_date = world.profile.start_order == "logical_date"

        def turn(run: Run) -> tuple[int, bool, int, int]:
            if by_date:
                return (0, not run.fresh, run.logical_us, run.index)
            return (run.ordinal, not run.fresh, run.run_after_us, run.index)

        if len(world.dirty) == 1 and not self._past_matters:
            self._examine(world.dirty.popitem()[1])
            self._parts.tries.reap()
            return
        # A run sees what the runs before it in this pass did; they see what it does next time.
        turns = [(*turn(run), run) for run in world.dirty.values()]
        world.dirty = {}
        heapify(turns)
        seen: set[int] = set()
        while turns:
            *current, run = heappop(turns)
            if run.index in seen:
                continue  # it was marked again before its turn came
            seen.add(run.index)
            self._examine(run)
            if run.dag.has_past:
                marked = [r for r in world.dirty.values() if r.index not in seen]
                for late in [r for r in marked if [*turn(r)] > current]:
                    del world.dirty[late.index]
                    heappush(turns, (*turn(late), late))
        self._parts.tries.reap()

    def _examine(self, run: Run) -> None:
        if run.state != RunState.RUNNING:
            return
        if self.world.paused[run.dag.number]:
            self._paused.note(run)  # all its running runs are marked when it is unpaused
            return
        if run.dag.timeout_us is not None and self._times_out(run):
            return
        ready = examine(self.world, run)
        if run.state != RunState.RUNNING:
            self._run_ended(run)
        for ti in ready:
            self._parts.readiness.schedule(ti)

    def _times_out(self, run: Run) -> bool:
        timeout = run.dag.timeout_us
        if timeout is None or run.started_us + timeout >= self.world.now:
            return False
        self._before_forced_end(f"dagrun_timeout of {run.dag.dag_id}")
        timed_out(self.world, run)
        self._parts.tries.reap("dagrun_timeout")
        self._run_ended(run)
        return True

    def _run_ended(self, run: Run) -> None:
        self._parts.creation.run_ended(run)
        self._parts.start.run_ended(run)
        self._arrivals.run_ended(run)

    def _clear_run(self, run: Run) -> None:
        """All of a run is cleared, and the run starts anew."""
        world = self.world
        for task in range(run.dag.size):
            for ti in run.tis(task):
                if world.state[ti] in FINISHED:
                    world.clear(ti)
        if world.requeue(run):
            self._parts.start.requeued(run)

    # -- queued -------------------------------------------------------------------------------

    def _submit(self, ti: int) -> None:
        world = self.world
        if self._faults is not None and self._faults.is_lost_by_executor(ti):
            self._parts.workers.submit_in_vain(ti)
            return
        run = world.runs[world.ti_run[ti]]
        self._parts.workers.submit(ti, run.dag.tasks[world.ti_task[ti]].queue)

    def _begin_tries(self) -> None:
        for ti in self._parts.workers.fill():
            self._parts.tries.take(ti)
        if self._executor is not None and self._scheduler_is_up:
            self._parts.tries.heed(self._executor.take_reports())

    def _before_forced_end(self, cause: str) -> None:
        """A timeout is about to end a wait: keep who waits for whom, once for each lull."""
        snapshots = self.world.trace.snapshots
        if snapshots and snapshots[-1].at_us == self.world.now:
            return
        if len(snapshots) < MAX_SNAPSHOTS:
            snapshots.append(take(self._parts, cause))


def _scaling_of(world: World, workers: Executor) -> Scaling | None:
    """What makes groups of workers grow and shrink; None if none does."""
    machines = machines_of(workers)
    elastic = machines is not None and any(g.elastic is not None for g in machines.groups)
    return Scaling(world, machines) if machines is not None and elastic else None


def _answers(chosen: Iterable[Chosen]) -> Iterable[Answer]:
    return (Answer(one.kind, one.actor, one.nth, one.value) for one in chosen)


def simulate(scenario: Scenario, choices: Choices | None = None) -> Trace:
    """Run a scenario and return what happened.

    The result is a function of the scenario (and of the answers of ``choices``, if given).

    Raises:
        SimulationRunaway: the scenario creates work without end within one instant.
    """
    return Simulation(scenario, choices).run()
