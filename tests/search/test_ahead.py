"""Several simulations at once: the same search, whoever makes how many of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from windtunnel.model import Scenario
from windtunnel.search import ahead, explore
from windtunnel.search.explore import Exploration
from windtunnel.sweep import HERE, Backend, Kept, closing
from windtunnel.target import Asked, look, read_found

TWO = Backend("processes", 2)
SHIPPED = ("nested_deadlock", "worker_dies_holding_a_lock")


@pytest.fixture(scope="module", autouse=True)
def _engines() -> Iterator[None]:
    with closing():
        yield


def scenario(name: str) -> Scenario:
    asked = Asked(None, None, None, faults_up_to=1, jitter="5m")
    return read_found(look(name, asked, None), asked).scenario


def everything(one: Exploration) -> Any:
    return (
        one.simulations, list(one.by.items()), one.asked, one.different, one.unreached, one.settled,
        [(f.model_dump_json(), s.model_dump_json()) for f, s in one.found], list(one.first.history),
    )  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_a_search_over_processes_is_that_of_one_process(name: str) -> None:
    given = scenario(name)
    alone = explore(given, 60)
    assert alone.found
    assert everything(explore(given, 60, on=TWO)) == everything(alone)


@pytest.mark.parametrize(("first", "most"), [(2, 2), (7, 30), (100, 100)])
def test_how_many_are_sent_together_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch, first: int, most: int
) -> None:
    given = scenario(SHIPPED[1])
    alone = explore(given, 80)
    monkeypatch.setattr(ahead, "FIRST", first)
    monkeypatch.setattr(ahead, "MOST", most)
    monkeypatch.setattr(ahead, "HERE", Backend("ray"))  # as if it were elsewhere
    assert everything(explore(given, 80)) == everything(alone)


def test_few_are_made_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    sweep = ahead.sweep

    def counted(work: Any, course: Any, plans: list[Any], **options: Any) -> Any:
        made.append(len(plans))
        return sweep(work, course, plans, **options)

    monkeypatch.setattr(ahead, "sweep", counted)
    monkeypatch.setattr(ahead, "HERE", Backend("ray"))
    explore(scenario(SHIPPED[0]), 150)
    assert sum(made) < 1.15 * 150
    assert len(made) < 10


def test_progress_is_told_for_each_simulation_in_its_turn() -> None:
    given, told = scenario(SHIPPED[1]), list[tuple[int, int]]()
    explore(given, 30, lambda done, planned: told.append((done, planned)), on=TWO)
    assert told == [(done, 31) for done in range(1, 32)]


def test_what_was_interrupted_is_not_simulated_again(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = scenario(SHIPPED[1])
    alone = explore(given, 40)

    def stop(done: int, planned: int) -> None:
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(given, 40, stop, kept=(first := Kept(tmp_path)))
    first.written()
    for on in (HERE, TWO):
        again = Kept(tmp_path, after_s=1000)
        assert everything(explore(given, 40, on=on, kept=again)) == everything(alone)
        assert again.taken == 23  # all but the first two, which say what the others are


CODE = """
import sys
from windtunnel.search import explore
from windtunnel.sweep import read_backend
from windtunnel.target import Asked, look, read_found

if __name__ == "__main__":
    asked = Asked(None, None, None, faults_up_to=1, jitter="5m")
    found = explore(read_found(look("nested_deadlock", asked, None), asked).scenario, 30,
                    on=read_backend(sys.argv[1]))
    for finding, variant in found.found:
        print(finding.model_dump_json(), variant.choices)
"""


def test_neither_the_order_of_sets_nor_the_backend_decides_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = set()
    for seed, backend in (("0", "here"), ("77", "processes=2")):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        ran = subprocess.run(
            [sys.executable, "-c", CODE, backend], capture_output=True, text=True, check=True
        )
        assert ran.stderr == ""
        said.add(ran.stdout)
    assert len(said) == 1
