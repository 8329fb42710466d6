"""Holders first: ties decided anew for a scenario in which the equals are others.

What was chosen of a tie is kept under who would have come first; when that one is left out, the
choice finds its question no more. But it is known who has to come first for the finding: those that
hold, in the end, what the others wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from windtunnel.choices import Actor, Answer, Replayed
from windtunnel.detect import Finding
from windtunnel.model import Chosen


class HoldersFirst(Replayed):
    """As chosen, but of equals those come first that hold what others wait for in the end."""

    def __init__(self, chosen: Iterable[Chosen], finding: Finding) -> None:
        others = (one for one in chosen if one.kind != "tie")
        super().__init__(Answer(one.kind, one.actor, one.nth, one.value) for one in others)
        self._holders = {(p.dag_id, p.run, p.task_id) for p in finding.holding}

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """One that will hold something, if there is any."""
        holds = (n for n, actor in enumerate(actors) if actor[:3] in self._holders)
        return next(holds, 0)
