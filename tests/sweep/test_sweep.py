"""A sweep: answers come in the order of the items, the same from here and from other processes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from windtunnel.errors import InvalidInput, WorkerLost
from windtunnel.sweep import HERE, Backend, WorkFailed, sweep

TWO = Backend("processes", 2)
BOTH = pytest.mark.parametrize("on", [HERE, TWO], ids=str)


def work(name: str) -> Callable[[Any, Any], Any]:
    found: Callable[[Any, Any], Any] = getattr(import_module("sweep_work"), name)
    return found


def counted(plus: int) -> Any:
    return import_module("sweep_work").Counted(plus)


@BOTH
def test_answers_come_in_the_order_of_the_items(on: Backend) -> None:
    items = [n * 7919 % 1000 for n in range(1000)]
    assert list(sweep(work("plus"), 100, items, on=on)) == [100 + item for item in items]
    assert list(sweep(work("plus"), 100, [], on=on)) == []


@BOTH
def test_progress_says_how_far_it_is(on: Backend) -> None:
    told: list[tuple[str, int, int]] = []
    list(sweep(work("plus"), 0, [5, 6], on=on, tell=lambda *said: told.append(said)))

    assert told == [("Simulating", 0, 2), ("Simulating", 1, 2)]


@BOTH
def test_answers_are_plain_data_wherever_they_come_from(on: Backend) -> None:
    assert list(sweep(work("as_tuple"), 1, [2], on=on)) == [[2, {"sums": [3]}]]


@BOTH
def test_an_answer_that_is_not_plain_is_a_mistake_that_names_the_item(on: Backend) -> None:
    with pytest.raises(WorkFailed, match=r"not JSON serializable.* with 3"):
        list(sweep(work("no_answer"), 1, [3], on=on))


def test_what_is_shared_is_sent_to_each_worker_once_and_compiled_once() -> None:
    for name in ("who", "with_compiled"):
        answers = list(sweep(work(name), counted(5), list(range(300)), on=TWO))
        assert len({pid for pid, _, _ in answers}) == 2
        assert [answer for _, _, answer in answers] == [5 + n for n in range(300)]
        per_worker = {pid: {t for p, t, _ in answers if p == pid} for pid, _, _ in answers}
        assert all(len(times) == 1 for times in per_worker.values())


def test_workers_stay_for_the_next_sweep_also_if_nobody_wanted_the_rest() -> None:
    first = {pid for pid, _, _ in sweep(work("who"), counted(1), list(range(200)), on=TWO)}
    some = sweep(work("who"), counted(2), list(range(200)), on=TWO)
    assert next(some)[0] in first
    some.close()  # type: ignore[attr-defined]
    last = {pid for pid, _, _ in sweep(work("who"), counted(3), list(range(200)), on=TWO)}
    assert last == first


@BOTH
def test_bad_input_is_told_as_it_is_and_the_first_item_counts(on: Backend) -> None:
    answers = sweep(work("refuse"), 40, list(range(100)), on=on)
    assert [next(answers) for _ in range(40)] == list(range(40))
    with pytest.raises(InvalidInput, match=r"^seed 40: too large$"):
        next(answers)


@BOTH
def test_a_mistake_names_the_item_and_where_it_happened(on: Backend) -> None:
    with pytest.raises(WorkFailed) as raised:
        list(sweep(work("mistake"), 1, [{"seed": 1}, {"seed": 0}], on=on))
    assert str(raised.value).startswith("ZeroDivisionError: division by zero (in sweep_work.py:")
    assert str(raised.value).endswith('mistake), with {"seed": 0}')


def test_a_lost_worker_costs_a_retry_and_not_the_sweep(tmp_path: Path) -> None:
    marker = tmp_path / "ended"
    answers = list(sweep(work("ends_once"), (str(marker), 57), list(range(150)), on=TWO))
    assert marker.exists()
    assert answers == [n * n for n in range(150)]


def test_an_item_that_ends_its_worker_each_time_is_named() -> None:
    answers = sweep(work("ends_always"), 20, list(range(60)), on=TWO)
    with pytest.raises(WorkerLost, match=r"processes=2: .* worked on this.*: 20\. It may need"):
        list(answers)
    assert list(sweep(work("plus"), 1, [1, 2], on=TWO)) == [2, 3]


def test_work_that_no_other_process_could_find_is_refused() -> None:
    with pytest.raises(TypeError, match="not a function of a module"):
        list(sweep(lambda shared, item: item, 0, [1], on=TWO))
