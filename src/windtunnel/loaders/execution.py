"""Execution: one run of a workflow that really happened, and what is known of its platform."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.loaders.origin import LoadedFrom


@dataclass(frozen=True)
class Execution:
    """A recorded execution: its DAG, how long each task ran, and how long everything took."""

    file: str
    """Where it was read."""
    loaded: LoadedFrom
    """The fleet of its one DAG, how its tasks behaved, and its machines as they are: a slot for
    each core."""
    system: str
    """What ran it: ``Pegasus``, ``Nextflow``."""
    took_s: float
    """Its makespan, from the first submission to the last end."""
    cores: tuple[int, ...]
    """Of the machines that ran its tasks, each with its cores."""
    gigabytes: tuple[float, ...]
    """What each task reads and writes, in the order of the DAG's tasks."""
    programs: frozenset[str]
    """Names of its tasks up to their numbers: what tells one application from another."""

    @property
    def runtimes_s(self) -> tuple[float, ...]:
        """How long each task ran, in the order of the DAG's tasks."""
        assert self.loaded.behavior is not None
        durations = [rule.duration_s for rule in self.loaded.behavior.rules]
        return tuple(float(one) for one in durations if isinstance(one, int | float))
