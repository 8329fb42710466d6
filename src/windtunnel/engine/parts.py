"""The parts of one simulation, for those that look at it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.engine.agenda import Agenda
from windtunnel.engine.bindings import Bindings
from windtunnel.engine.dag_runs.creation import Creation
from windtunnel.engine.dag_runs.starts import Start
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.executors.stuck import StuckInQueued
from windtunnel.engine.resources.courses import Courses
from windtunnel.engine.scheduler.queueing import CriticalSection
from windtunnel.engine.scheduler.readiness import Readiness
from windtunnel.engine.steered import Steered
from windtunnel.engine.tries.attempts import Attempts
from windtunnel.engine.tries.losses import Losses
from windtunnel.engine.tries.plans import Planner
from windtunnel.engine.tries.sensors import Sensors
from windtunnel.engine.tries.tries import Tries
from windtunnel.engine.tries.triggerer import Triggerer
from windtunnel.engine.tries.waits import CrossDagWaits
from windtunnel.engine.world import World


@dataclass(slots=True)  # not frozen: short simulations are made by the thousand
class Parts:
    """World and those who change it; each has its own file. Set once."""

    world: World
    steered: Steered | None
    """Who decides, if not the seed."""
    planner: Planner
    workers: Executor
    section: CriticalSection
    waits: CrossDagWaits
    agenda: Agenda
    attempts: Attempts
    courses: Courses
    triggerer: Triggerer
    sensors: Sensors
    losses: Losses
    readiness: Readiness
    tries: Tries
    creation: Creation
    start: Start
    stuck: StuckInQueued
    bindings: Bindings
