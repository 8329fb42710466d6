"""Handing over: how long it takes to push an XCom of some size, and whether that can be."""

from __future__ import annotations

from windtunnel.engine.program import micros
from windtunnel.engine.world import World
from windtunnel.model.xcom import xcom_name


def hand_over(world: World, ti: int, size: int) -> tuple[int, str | None]:
    """(microseconds that it takes, why the try fails with it, if it does)."""
    backend, column = world.cluster.xcom, world.profile.xcom_column
    if not backend.takes(size, column):
        dag_id, _, task_id, _ = world.name_of(ti)
        return 0, backend.refusal(xcom_name(dag_id, task_id), size, column)
    if backend.goes_elsewhere(size):
        return 0, None
    pushes, patience = backend.push_s(size), world.cluster.task_instance_heartbeat_timeout_s
    why = "no heartbeat while its result is pushed" if pushes > patience else None
    return micros(min(pushes, patience)), why
