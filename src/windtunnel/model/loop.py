"""SchedulerLoop: how long the scheduler takes to notice and to act.

Airflow's scheduler is one thread that does everything in turn, so what it decides waits for its
next loop (``jobs/scheduler_job_runner.py: _run_scheduler_loop``). How long a loop takes is in no
configuration: it depends on the database and the fleet, and is a figure to measure.
"""

from __future__ import annotations

from windtunnel.model.base import Seconds, Value


class SchedulerLoop(Value):
    """The cadence of one scheduler. All zero is the same as no loop at all: every decision falls at
    the instant at which it can.

    A loop takes ``duration_s`` + ``per_run_s`` for each dag run that it examines + ``per_task_s``
    for each task instance that it queues, and is followed by the next one; by a sleep if it queued
    nothing.
    """

    duration_s: Seconds = 0.1
    """What one loop takes, whatever it does."""
    per_run_s: Seconds = 0.01
    """More for each running dag run that it examines."""
    per_task_s: Seconds = 0.005
    """More for each task instance that it queues."""
    idle_sleep_s: Seconds = 1.0
    """``[scheduler] scheduler_idle_sleep_time``."""
    hand_over_s: Seconds = 0.5
    """From the executor's heartbeat at the end of a loop until a worker begins the task (broker,
    process start)."""
    due_late_s: Seconds = 0.0
    """From when a run is due until the database's clock says so. SQLite's has whole seconds: there,
    a run that is due at :00 is not seen before :01."""
