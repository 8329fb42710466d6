"""Ends: until when a wait that nothing else ends lasts, and which timeout ends it by force."""

from __future__ import annotations

from collections.abc import Collection

from windtunnel.detect.stuck.cores import WaitGraph


def end(graph: WaitGraph, parts: Collection[int]) -> tuple[int | None, str]:
    """The first timeout that ends by force one of these actors, and which one it is; None and
    nothing if none does. One that first needs a slot that it doesn't get ends nothing."""
    snapshot = graph.snapshot
    ends: list[tuple[int, str]] = []
    for i in sorted(parts):
        actor = snapshot.actors[i]
        at_once = actor.state in ("running", "queued")
        if actor.gives_up_us is not None and (at_once or not graph.short(actor.needs)):
            ends.append((actor.gives_up_us, f"{actor.gives_up} of {actor.name}"))
    for i in sorted({snapshot.actors[a].run for a in parts}):
        run = snapshot.runs[i]
        if run.gives_up_us is not None:
            ends.append((run.gives_up_us, f"dagrun_timeout of {run.dag_id}"))
    if not ends and any(f" {snapshot.actors[i].name} (" in snapshot.cause for i in parts):
        return snapshot.at_us, snapshot.cause
    if not ends:
        return None, ""
    at, what = min(ends)
    return max(at, snapshot.at_us), what.replace("its timeout of", "the sensor timeout of")
