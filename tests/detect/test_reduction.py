"""The counted wait-for reduction, on snapshots made by hand: what is left can never go on."""

from __future__ import annotations

import pytest

from windtunnel.detect.stuck.reduction import reduce
from windtunnel.trace import Actor, Capacity, OpenRun, Snapshot, Wish


@pytest.fixture
def stuck():
    """``stuck([capacities], [actors], runs=…)``: names of the actors that can never go on."""

    def stuck(capacities, actors, runs=None):
        if runs is None:
            runs = [OpenRun("d", "r", "running", 0, tuple(range(len(actors))))]
        found = reduce(Snapshot(0, "end", tuple(capacities), tuple(actors), tuple(runs)))
        return [actors[i].task_id for i in found.actors]

    return stuck


def slots(total):
    return Capacity("pool", "db", total)


def actor(name, run=0, **options):
    return Actor("d", run, "r", name, -1, "Op", "running", 0, **options)


POOL = ((0, 1),)


def test_nothing_unfinished_is_nothing_stuck(stuck):
    assert stuck([], []) == []


def test_work_that_needs_nothing_goes_on(stuck):
    assert stuck([], [actor("a")]) == []


def test_a_need_that_is_free_is_met(stuck):
    assert stuck([slots(1)], [actor("a", needs=POOL)]) == []


def test_a_need_larger_than_the_limit_is_never_met(stuck):
    assert stuck([slots(1)], [actor("a", needs=((0, 2),))]) == ["a"]


def test_an_unlimited_capacity_meets_every_need(stuck):
    assert stuck([slots(None)], [actor("a", needs=((0, 99),)), actor("b", holds=((0, 99),))]) == []


def test_a_holder_that_ends_gives_its_slots_to_the_next(stuck):
    waiting = [actor(f"w{i}", needs=POOL) for i in range(5)]
    assert stuck([slots(1)], [actor("a", holds=POOL), *waiting]) == []


def test_holder_and_waiter_of_one_slot_in_a_circle(stuck):
    actors = [actor("parent", holds=POOL, upstream=(1,)), actor("child", needs=POOL)]
    assert stuck([slots(1)], actors) == ["parent", "child"]


def test_a_circle_through_a_limit_with_a_slot_that_turns_is_no_deadlock(stuck):
    """Two of two slots are held; one holder waits for the third actor, the other just works."""
    actors = [
        actor("parent", holds=POOL, upstream=(2,)),
        actor("worker", holds=POOL, ends_by_itself=True),
        actor("child", needs=POOL),
    ]
    assert stuck([slots(2)], actors) == []


@pytest.mark.parametrize(("total", "left"), [(2, 4), (3, 0), (4, 0)])
def test_k_of_n_slots_held_by_waiters_block_only_when_k_is_n(stuck, total, left):
    actors = [
        actor("p1", holds=POOL, upstream=(2,)),
        actor("p2", holds=POOL, upstream=(3,)),
        actor("c1", needs=POOL),
        actor("c2", needs=POOL),
    ]
    assert len(stuck([slots(total)], actors)) == left


def test_a_waiter_of_two_slots_blocks_where_one_slot_turns(stuck):
    actors = [actor("p", holds=POOL, upstream=(1,)), actor("c", needs=((0, 2),))]
    assert stuck([slots(2)], actors) == ["p", "c"]
    assert stuck([slots(3)], actors) == []


def test_all_needs_must_be_met_at_once(stuck):
    """The classic: each holds one limit and needs the other."""
    both = [slots(1), Capacity("pool", "api", 1)]
    a = actor("a", holds=((0, 1),), needs=((1, 1),))
    b = actor("b", holds=((1, 1),), needs=((0, 1),))
    assert stuck(both, [a, b]) == ["a", "b"]


def test_all_upstreams_are_waited_for_or_one_of_them(stuck):
    dead = actor("dead", never="pool x does not exist")
    done = actor("done")
    assert stuck([], [dead, done, actor("all", upstream=(0, 1))]) == ["dead", "all"]
    assert stuck([], [dead, done, actor("any", upstream=(0, 1), any_upstream=True)]) == ["dead"]


def test_what_depends_on_the_stuck_is_stuck_too(stuck):
    chain = [
        actor("dead", never="no worker"),
        *(actor(f"t{i}", upstream=(i,)) for i in range(3)),
    ]
    assert stuck([], chain) == ["dead", "t0", "t1", "t2"]


def runs_of(*groups, **options):
    return [OpenRun("d", f"r{i}", "running", 0, group, **options) for i, group in enumerate(groups)]


def test_a_wish_for_a_run_comes_true_when_all_of_its_work_ends(stuck):
    wish = Wish("d", (), run=1, actors=(), may_come=False)
    waiter = actor("waiter", wish=wish)
    assert stuck([], [waiter, actor("x", run=1)], runs_of((0,), (1,))) == []
    dead = actor("x", run=1, never="no worker")
    assert stuck([], [waiter, dead], runs_of((0,), (1,))) == ["waiter", "x"]


def test_a_wish_for_tasks_needs_only_those(stuck):
    wish = Wish("d", ("x",), run=1, actors=(1,), may_come=False)
    actors = [actor("waiter", wish=wish), actor("x", run=1), actor("y", run=1, never="no")]
    assert stuck([], actors, runs_of((0,), (1, 2))) == ["y"]


@pytest.mark.parametrize(("may_come", "left"), [(True, []), (False, ["waiter"])])
def test_a_wish_for_a_run_that_is_not_there_depends_on_whether_it_may_come(stuck, may_come, left):
    wish = Wish("other", (), run=None, actors=(), may_come=may_come)
    assert stuck([], [actor("waiter", wish=wish)], runs_of((0,))) == left


def test_a_run_to_come_needs_room_under_max_active_runs(stuck):
    """The only run that may be active is the one that waits for the next."""
    wish = Wish("d", (), run=None, actors=(), may_come=True)
    capacity = Capacity("max_active_runs", "d", 1)
    (run,) = runs_of((0,), holds=((0, 1),))
    assert stuck([capacity], [actor("waiter", wish=wish)], [run]) == ["waiter"]
    wide = Capacity("max_active_runs", "d", 2)
    assert stuck([wide], [actor("waiter", wish=wish)], [run]) == []


def test_tasks_of_a_queued_run_wait_for_its_start(stuck):
    capacity = Capacity("max_active_runs", "d", 1)
    first = OpenRun("d", "r0", "running", 0, (0,), holds=((0, 1),))
    second = OpenRun("d", "r1", "queued", 0, (1,), needs=((0, 1),))
    assert stuck([capacity], [actor("a"), actor("b", run=1)], [first, second]) == []
    dead = actor("a", never="no worker")
    assert stuck([capacity], [dead, actor("b", run=1)], [first, second]) == ["a", "b"]


def test_the_order_of_the_actors_does_not_matter(stuck):
    """A long chain of handing on, met in the worst order."""
    count = 30
    chain = [
        actor(f"t{i}", needs=POOL, upstream=(i + 1,) if i + 1 < count else ()) for i in range(count)
    ]
    assert stuck([slots(1)], chain) == []


def test_one_that_only_looks_gives_its_slot_back_and_goes_on_waiting(stuck):
    """A rescheduled sensor in the middle of a poke, and the producer that needs its slot."""
    wish = Wish("d", ("producer",), run=0, actors=(1,), may_come=False)
    producer = actor("producer", needs=POOL)
    assert stuck([slots(1)], [actor("s", holds=POOL, wish=wish, lets_go=True), producer]) == []
    assert stuck([slots(1)], [actor("s", holds=POOL, wish=wish), producer]) == ["s", "producer"]


def test_one_that_looks_in_vain_takes_nothing_from_others(stuck):
    wish = Wish("d", ("dead",), run=0, actors=(1,), may_come=False)
    actors = [
        actor("s", holds=POOL, wish=wish, lets_go=True),
        actor("dead", never="no worker"),
        actor("other", needs=POOL),
    ]
    assert stuck([slots(1)], actors) == ["s", "dead"]


def test_one_that_cannot_look_keeps_what_it_holds(stuck):
    """Queued, it holds a pool slot and waits for a worker that another one holds."""
    worker = Capacity("worker slots", "default", 1)
    wish = Wish("d", ("x",), run=0, actors=(2,), may_come=False)
    actors = [
        actor("s", holds=POOL, needs=((1, 1),), wish=wish, lets_go=True),
        actor("holder", holds=((1, 1),), upstream=(2,)),
        actor("x", needs=POOL),
    ]
    assert stuck([slots(1), worker], actors) == ["s", "holder", "x"]
