"""Many items, one kind of work: answers come in the order of the items."""

from windtunnel.sweep import sweep


def plus(shared: int, item: int) -> int:
    return shared + item


def test_answers_come_in_the_order_of_the_items() -> None:
    assert list(sweep(plus, 100, [3, 1, 2])) == [103, 101, 102]


def test_progress_says_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    list(sweep(plus, 0, [5, 6], tell=lambda *said: told.append(said)))

    assert told == [("Simulating", 0, 2), ("Simulating", 1, 2)]
