"""Many simulations of one scenario: look for findings, keep the counterexample, verify what cures
it."""

from windtunnel.search.covered import covered
from windtunnel.search.explore import Exploration, explore
from windtunnel.search.repair import repair
from windtunnel.search.store import Counterexample, identify, keep, recall

__all__ = [
    "Counterexample",
    "Exploration",
    "covered",
    "explore",
    "identify",
    "keep",
    "recall",
    "repair",
]
