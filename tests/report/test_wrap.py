"""Lines that fit a terminal, whatever the names in them."""

from __future__ import annotations

from windtunnel.report.wrap import wrap

LONG = "the_very_long_named_data_pipeline_for_customer_orders_and_returns"


def test_a_name_that_has_no_room_beside_the_beginning_has_the_next_line():
    lines = wrap(f"{LONG}.", first="Proved to have no deadlock: ", then="  ", width=80)
    assert lines == ["Proved to have no deadlock:", f"  {LONG}."]


def test_a_name_that_has_room_stays_beside_it():
    assert wrap("etl.", first="Proved: ", then="  ", width=80) == ["Proved: etl."]


def test_a_name_that_has_no_room_anywhere_stays_whole():
    lines = wrap(f"{LONG} etl", first="Proved: ", then="  ", width=40)
    assert lines == ["Proved:", f"  {LONG}", "  etl"]


def test_an_indent_alone_begins_no_line_of_its_own():
    assert wrap(LONG, first="    ", then="  ", width=40) == [f"    {LONG}"]
