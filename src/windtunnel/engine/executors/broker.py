"""Broker: messages in queues, what workers have taken and not acknowledged, and redelivery."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from windtunnel.engine.executors.queues import Queues

NEVER = 1 << 62


@dataclass(slots=True, eq=False)
class Message:
    """A task instance's way to a worker. It may be delivered more than once."""

    ti: int
    queue: str
    sent_us: int
    began: bool = False
    """A worker has begun the task instance because of it."""
    revoked: bool = False
    """Nothing is begun because of it any more."""
    delivery: Delivery | None = None
    """The one that is to be acknowledged."""


@dataclass(slots=True, eq=False)
class Delivery:
    """A message that a worker has taken."""

    message: Message
    at_us: int

    @property
    def is_open(self) -> bool:
        """Whether it is still to be acknowledged."""
        return self.message.delivery is self


class Broker:
    """Keeps a message until it is acknowledged."""

    def __init__(
        self,
        now: Callable[[], int],
        visibility_timeout: int | None,
        redelivers: Callable[[int], None],
    ) -> None:
        self._now = now
        self._redelivers = redelivers
        """Told of each task instance whose message is delivered again."""
        self._timeout = visibility_timeout
        """Microseconds; None: it only notices when a worker's connection is lost."""
        self.queues: Queues[Message] = Queues()
        self._unacked: list[tuple[int, int, Delivery]] = []
        """By the time at which they are delivered again."""
        self._number = 0

    def take(self, queues: Iterable[str]) -> Delivery | None:
        """A worker takes the oldest message of these queues."""
        message = self.queues.take(queues)
        if message is None:
            return None
        delivery = message.delivery = Delivery(message, self._now())
        self._number += 1
        due = NEVER if self._timeout is None else delivery.at_us + self._timeout
        heappush(self._unacked, (due, self._number, delivery))
        return delivery

    def acknowledge(self, delivery: Delivery) -> None:
        """The message is done. After a redelivery that means nothing: the newer one counts."""
        if delivery.is_open:
            delivery.message.delivery = None

    def give_back(self, delivery: Delivery) -> None:
        """The message of a delivery that is still to be acknowledged waits again, before all
        others (kombu ``transport/redis.py: restore_by_tag``)."""
        message = delivery.message
        if not delivery.is_open:
            return
        message.delivery = None
        self.queues.put_first(message, message.queue)
        self._redelivers(message.ti)

    def next_due(self) -> int | None:
        """When a message is delivered again."""
        heap = self._unacked
        while heap and not heap[0][2].is_open:
            heappop(heap)
        return heap[0][0] if heap and heap[0][0] < NEVER else None

    def redeliver_due(self) -> None:
        """Messages whose visibility timeout has passed wait again."""
        while (due := self.next_due()) is not None and due <= self._now():
            self.give_back(heappop(self._unacked)[2])

    @property
    def has_timeout(self) -> bool:
        """Whether it delivers again what is not acknowledged in time."""
        return self._timeout is not None
