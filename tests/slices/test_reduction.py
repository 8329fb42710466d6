"""The reduction: what it says is true in every state, and in silence it says everything."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from random_slices import random_fleet
from windtunnel.slices import read_slice
from windtunnel.slices.explore import Exploration
from windtunnel.slices.reduction import stuck


@given(st.integers(0, 10**9), st.booleans())
@examples(60)
def test_who_is_said_never_to_end_does_not_in_any_future(seed: int, untimed: bool) -> None:
    futures = Exploration(read_slice(random_fleet(Random(seed))), untimed, most=300)
    # Where runs create runs without end, it is not seen what the last of them would come to.
    if not futures.complete or "runaway" in futures.found:
        return
    for number, state in enumerate(futures.states):
        said, doomed = stuck(futures.simulation, state), futures.doomed_in(number)
        assert said <= doomed, (seed, number)
        if state.due() is None:
            assert said == doomed, (seed, number)
