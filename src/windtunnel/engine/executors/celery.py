"""CeleryExecutor: messages in a broker, workers that take more of them than they run.

From the Celery provider: ``executors/celery_executor.py``, ``executors/celery_executor_utils.py:
execute_workload``, ``executors/default_celery.py``; and from Celery and kombu what prefetching,
late acknowledgement and the visibility timeout are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from windtunnel.engine.executors.broker import Broker, Delivery, Message
from windtunnel.engine.executors.executor import HEARTBEAT_S, Machine
from windtunnel.engine.executors.groups import TOO_LATE, token_us
from windtunnel.engine.executors.machines import Machines, Worker
from windtunnel.engine.program import micros
from windtunnel.engine.world import QUEUED, World
from windtunnel.model import WorkerGroup

OPERATION_TIMEOUT_S = 1.0
"""``[celery] operation_timeout``: how long sending a message is tried."""
UNSENT = "not sent: the broker can't be reached"
REVOKED, OVER, RUNS = "revoked", "refused: its try is over", "refused: it runs already"
LATE = "refused: its token has expired"
BEGUN_TOO_LATE = "its second start was refused: its token has expired"


class CeleryExecutor(Machines):
    """Its workers are the cluster's."""

    def __init__(self, world: World) -> None:
        settings = world.cluster.celery
        workers = world.cluster.workers
        groups = (WorkerGroup(slots=settings.processes),) if workers is None else workers
        super().__init__(world, groups)
        timeout = settings.visibility_timeout_s
        self.broker = Broker(
            lambda: world.now,
            None if timeout is None else micros(timeout),
            lambda ti: self._log(ti, "redelivered"),
        )
        self._multiplier = settings.worker_prefetch_multiplier
        self._late = settings.task_acks_late
        self._hoards = self._multiplier != 1 or not self._late
        """Whether a worker takes messages that it can't begin yet."""
        self._reserved = 0
        self._token_us = token_us(world)
        self._message: dict[int, Message] = {}
        """The newest message of each task instance that is queued or runs."""
        self._begun: dict[int, Delivery] = {}
        self._unsent: dict[int, int] = {}
        """Task instances whose message could not be sent, and how often it was tried."""
        self._attempts = settings.task_publish_max_retries + 1
        self._send_at = 0

    @property
    def any_waiting(self) -> bool:
        """Whether a message waits in the broker, at a worker, or to be sent."""
        return bool(self.broker.queues or self._reserved or self._unsent or self._reports)

    def submit(self, ti: int, queue: str) -> None:
        """Its message is sent, after those that could not be sent before."""
        message = self._message[ti] = Message(ti, queue, self._world.now)
        if self.cut_off:
            self._unsent[ti] = 0
            self._send_at = max(self._send_at, self._world.now)
        else:
            self._send_unsent()
            self.broker.queues.put(message, queue)

    def withdraw(self, ti: int) -> None:
        """One that has not begun is revoked."""
        message = self._message.pop(ti, None)
        self._unsent.pop(ti, None)
        if message is not None and not message.began:
            self._revoke(message)

    def _revoke(self, message: Message) -> None:
        message.revoked = True
        self.broker.queues.remove(message)

    def release(self, ti: int) -> None:
        """A try is over: a late acknowledgement comes now."""
        super().release(ti)
        self._acknowledge(ti)

    def keep(self, ti: int, name: int) -> Callable[[], None] | None:
        """Its process acknowledges when it ends."""
        end, delivery = super().keep(ti, name), self._begun.pop(ti, None)
        return None if end is None else partial(self._end, end, delivery)

    def _end(self, end: Callable[[], None], delivery: Delivery | None) -> None:
        end()
        if delivery is not None:
            self.broker.acknowledge(delivery)

    def _acknowledge(self, ti: int) -> None:
        delivery = self._begun.pop(ti, None)
        if delivery is not None:
            self.broker.acknowledge(delivery)

    # -- from the broker to a process ---------------------------------------------------------

    def fill(self) -> list[int]:
        """Processes that are free begin what their worker has reserved, then take more; workers
        hoard only what no free process of any group takes."""
        started: list[int] = []
        if self._unsent:
            self._send()
        if self._reserved:
            for worker in self._workers:
                self._work_off(worker, started)
        if self.cut_off:
            return started
        self._take(self._free_worker, started)
        if self._hoards:
            self._take(self._hoarder, started)
        return started

    def _take(self, taker_of: Callable[[int], Worker | None], started: list[int]) -> None:
        """Workers take messages, group after group, as long as there is one that does."""
        for number, group in enumerate(self.groups):
            while (taker := taker_of(number)) is not None:
                delivery = self.broker.take(group.queues)
                if delivery is None:
                    break
                taker.reserved.append(delivery)
                self._reserved += 1
                self._work_off(taker, started)

    def _hoarder(self, group: int) -> Worker | None:
        """The worker that takes a message which it can't begin yet: the one that may reserve
        most."""
        there = [w for w in self._by_group[group] if w.alive and not w.drained]
        best = max(there, key=self._room, default=None)
        return best if best is not None and self._room(best) > 0 else None

    def _room(self, worker: Worker) -> int:
        """Messages that a worker may take beside those that it has not acknowledged. Without late
        acknowledgement those that run don't count."""
        if not self._multiplier:
            return 1
        unacknowledged = len(worker.reserved) + (len(worker.running) if self._late else 0)
        return self.groups[worker.group].slots * self._multiplier - unacknowledged

    def _work_off(self, worker: Worker, started: list[int]) -> None:
        """A worker begins what it has reserved, first in, first out."""
        while worker.free > 0 and worker.reserved and worker.alive:
            delivery = worker.reserved.popleft()
            self._reserved -= 1
            ti = delivery.message.ti
            if not self._may_begin(delivery):
                self.broker.acknowledge(delivery)
                continue
            delivery.message.began = True
            self._occupy(worker, ti)
            self._begun[ti] = delivery
            if not self._late:
                self.broker.acknowledge(delivery)
            started.append(ti)

    def _may_begin(self, delivery: Delivery) -> bool:
        """Whether Airflow lets a task instance run because of this delivery: not if it runs, has
        run, or its token has expired. In 3.x the last is a failure that the executor reports, of
        whatever the task instance does meanwhile."""
        message, world = delivery.message, self._world
        if message.revoked or self._message.get(message.ti) is not message:
            self._log(message.ti, REVOKED if message.revoked else OVER)
            return False
        if self._token_us is not None and world.now - message.sent_us > self._token_us:
            self._log(message.ti, LATE)
            self._report(message.ti, BEGUN_TOO_LATE if message.began else TOO_LATE)
            return False
        if message.began or world.state[message.ti] != QUEUED:
            self._log(message.ti, RUNS)
            return False
        return True

    def _send(self) -> None:
        """At a heartbeat messages are sent that could not be sent before."""
        if self._world.now < self._send_at:
            return
        if self.cut_off:
            self._try_in_vain()
            return
        self._send_unsent()

    def _send_unsent(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for ti in unsent:
            self.broker.queues.put(self._message[ti], self._message[ti].queue)

    def _try_in_vain(self) -> None:
        for ti, times in list(self._unsent.items()):
            if times + 1 >= self._attempts:
                del self._unsent[ti]
                self._log(ti, UNSENT)
                self._report(ti, UNSENT)
            else:
                self._unsent[ti] = times + 1
        self._send_at = self._world.now + micros(HEARTBEAT_S + OPERATION_TIMEOUT_S)

    # -- when ---------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When the broker delivers a message again, or one is sent again."""
        due = None if self.cut_off else self.broker.next_due()
        if not self._unsent or not self.scheduler_is_up():
            return due
        send = max(self._send_at, self._world.now + 1)
        return send if due is None else min(due, send)

    def handle_due(self) -> None:
        """Messages whose visibility timeout has passed wait again."""
        if not self.cut_off:
            self.broker.redeliver_due()

    # -- what happens to it -------------------------------------------------------------------

    def waiting(self) -> list[int]:
        """Those whose message is in the broker, and has not been begun by a worker before."""
        return [message.ti for message in self.broker.queues.items() if not message.began]

    def waiting_for(self, group: int) -> int:
        """Messages in the queues of a group, and those that its workers have reserved."""
        queued = sum(self.broker.queues.depth(queue) for queue in self.groups[group].queues)
        return queued + sum(len(worker.reserved) for worker in self._by_group[group])

    def _die(self, worker: Worker) -> list[int]:
        """What it has not acknowledged is delivered again: at once, if the broker notices that the
        connection is lost, else after the visibility timeout."""
        begun = (self._begun.get(ti) for ti in sorted(worker.running))
        held = [*(one for one in begun if one is not None), *worker.reserved]
        gone = super()._die(worker)
        self._lose_held(worker, held)
        return gone

    def _lose_held(self, worker: Worker, held: list[Delivery]) -> None:
        self._reserved -= len(worker.reserved)
        worker.reserved.clear()
        for delivery in reversed(held):
            message = delivery.message
            if self._begun.pop(message.ti, None) is not None:
                # one that was starting may begin again; one that ran is refused as it runs
                message.began = self._world.state[message.ti] != QUEUED
            if not self.broker.has_timeout:
                self.broker.give_back(delivery)

    def drain(self, machines: Sequence[Machine]) -> None:
        """What they have reserved goes back to the broker."""
        super().drain(machines)
        for worker in self._own(machines):
            self._reserved -= len(worker.reserved)
            for delivery in reversed(worker.reserved):
                self.broker.give_back(delivery)
            worker.reserved.clear()

    def lose_message(self, ti: int) -> bool:
        """The broker has lost it, or the worker that had reserved it."""
        message = self._message.get(ti)
        if message is None or message.began or message.revoked:
            return False
        self._unsent.pop(ti, None)
        self._revoke(message)
        return True
