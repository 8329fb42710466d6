"""The parts of one simulation, for those that look at it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.engine.agenda import Agenda
from windtunnel.engine.attempts import Attempts
from windtunnel.engine.bindings import Bindings
from windtunnel.engine.choices import Choices
from windtunnel.engine.courses import Courses
from windtunnel.engine.creation import Creation
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.executors.stuck import StuckInQueued
from windtunnel.engine.losses import Losses
from windtunnel.engine.plans import Planner
from windtunnel.engine.queueing import CriticalSection
from windtunnel.engine.readiness import Readiness
from windtunnel.engine.sensors import Sensors
from windtunnel.engine.starts import Start
from windtunnel.engine.tries import Tries
from windtunnel.engine.triggerer import Triggerer
from windtunnel.engine.waits import CrossDagWaits
from windtunnel.engine.world import World


@dataclass(frozen=True, slots=True)
class Parts:
    """World and those who change it; each has its own file."""

    world: World
    choices: Choices | None
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
