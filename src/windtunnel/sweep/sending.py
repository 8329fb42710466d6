"""Sending: items go to an engine in portions, and answers come back in the order of the items.

A portion is large enough that sending it costs next to nothing, and small enough that all workers
have one. Portions have no influence on the answers: each is a function of its item.
"""

from __future__ import annotations

import math
import pickle
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from windtunnel.errors import InvalidInput, WorkerLost
from windtunnel.sweep.engines import Engine
from windtunnel.sweep.plain import short_of
from windtunnel.sweep.releases import release
from windtunnel.sweep.worker import (
    LACKS_SHARED,
    OTHER_RELEASE,
    Answered,
    Done,
    name_of,
    work_on,
)

GROWTH = 8
"""A portion has at most so many times the items of the one before: the first ones may be quick."""
LOOK_S = 1.0
"""How often it is made sure that there are workers, where none answers."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Items that are sent together."""

    numbers: tuple[int, ...]
    losses: int = 0
    """Workers that were lost while it was on its way."""
    needs_shared: bool = False
    """Whether a worker said that it lacks what is shared."""


class Sending:
    """One sweep on one engine."""

    def __init__(
        self,
        engine: Engine,
        work: Callable[[Any, Any], object],
        shared: object,
        items: Sequence[Any],
        numbers: Sequence[int],
    ) -> None:
        self._engine = engine
        self._work = name_of(work)
        self._shared = zlib.compress(pickle.dumps(shared), 1)
        self._key = blake2b(self._shared, digest_size=16).hexdigest()
        self._items = items
        self._left = deque(numbers)
        self._again: deque[Portion] = deque()
        """Whose workers were lost, or lacked something."""
        self._alone: deque[Portion] = deque()
        """Single items, one of which may be what ends workers: nothing else is sent beside it."""
        self._flying: dict[Future[Done], Portion] = {}
        self._pace = f"{self._work} {self._key}"
        self._lacking = 0 if self._pace in engine.paces else engine.workers()
        """Workers that are thought to lack what is shared."""
        self._size = len(numbers) if self._pace in engine.paces else 1
        self.portions = 0
        """That were worked on."""

    def answers(self) -> Iterator[tuple[int, Answered]]:
        """The number of each item, and what was answered, as they come.

        Raises:
            InvalidInput: workers have another release, or there are none any more.
            WorkerLost: an item ends whoever works on it.
        """
        try:
            while self._send():
                done, _ = wait(self._flying, LOOK_S, FIRST_COMPLETED)
                if not done:
                    self._engine.workers()
                for future in done:
                    yield from self._landed(self._flying.pop(future), future)
        except GeneratorExit:  # somebody has seen enough, and may come again
            raise
        except BaseException:
            self._engine.abandon()
            raise
        finally:
            for future in self._flying:
                future.cancel()

    def _send(self) -> bool:
        """As much as the workers can take; whether anything is on its way."""
        if self._alone:
            if not self._flying:
                self._fly(self._alone.popleft())
            return True
        places = self._engine.workers() * self._engine.ahead
        while len(self._flying) < places and (self._again or self._left):
            self._fly(self._again.popleft() if self._again else self._next())
        return bool(self._flying)

    def _next(self) -> Portion:
        """The next items that nobody was given: as many as take about the usual time."""
        item_s = self._engine.paces.get(self._pace)
        if item_s:
            fair = len(self._left) / (self._engine.workers() * self._engine.ahead)
            usual, least = (math.ceil(self._engine.usual_s / part / item_s) for part in (1, 2))
            self._size = min(max(least, min(usual, math.ceil(fair))), self._size * GROWTH)
        count = min(self._size, len(self._left))
        return Portion(tuple(self._left.popleft() for _ in range(count)))

    def _fly(self, portion: Portion) -> None:
        shared = None
        if portion.needs_shared or portion.losses or self._lacking > 0:
            shared = self._shared
            self._lacking -= 1
        items = pickle.dumps([self._items[number] for number in portion.numbers])
        sent = self._engine.send(work_on, self._key, shared, self._work, items, release())
        self._flying[sent] = portion

    def _landed(self, portion: Portion, future: Future[Done]) -> Iterator[tuple[int, Answered]]:
        try:
            word, answers, seconds, who = future.result()
        except self._engine.lost:
            self._lost(portion)
            return
        except Exception as error:
            raise InvalidInput(
                f"{self._engine.name}: a worker can't run windtunnel ({type(error).__name__}: "
                f"{error}); it needs what is here: {release()}"
            ) from error
        if word == OTHER_RELEASE:
            raise InvalidInput(
                f"{self._engine.name}: a worker has {who}; here is {release()}. The same seed may "
                "give something else there: install the same on both"
            )
        if word == LACKS_SHARED:
            self._again.append(replace(portion, needs_shared=True))
            return
        own = seconds / len(portion.numbers)
        self._engine.paces[self._pace] = (self._engine.paces.get(self._pace, own) + own) / 2
        self.portions += 1
        yield from zip(portion.numbers, answers, strict=True)

    def _lost(self, portion: Portion) -> None:
        """Its worker was lost, or another one with which this one had to go."""
        losses = portion.losses + 1
        if losses < self._engine.losses:
            self._again.append(replace(portion, losses=losses))
        elif portion.losses < self._engine.losses:
            self._alone.extend(Portion((number,), losses) for number in portion.numbers)
        else:
            raise WorkerLost(
                f"{self._engine.name}: again and again the worker ended that worked on this, at "
                f"last with nothing else: {short_of(self._items[portion.numbers[0]])}. It may need "
                "more memory than there is: look at what killed them (dmesg, the log of the "
                "worker), or give it less to do"
            )
