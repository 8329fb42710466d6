"""Many simulations of one scenario: look for findings, keep the counterexample, verify what cures
it."""

from windtunnel.search.covered import covered
from windtunnel.search.deciding import Decided, Deciding, deciding
from windtunnel.search.explore import Exploration, explore
from windtunnel.search.proofs import DagProof, Proof, prove
from windtunnel.search.reached import Unreached
from windtunnel.search.recheck import (
    Rechecked,
    recheck,
    recheck_all,
    settled,
    unchanged,
    with_stored,
)
from windtunnel.search.repair import Repaired, Repairs, repair, with_patches
from windtunnel.search.shrinking.shrink import Shown, Shrunk, is_same, shown, shrink
from windtunnel.search.store import (
    Counterexample,
    counterexample,
    identify,
    keep,
    names,
    recall,
    renewed,
)
from windtunnel.search.told import Telling
from windtunnel.search.vary import Tried, Varied, vary

__all__ = [
    "Counterexample",
    "DagProof",
    "Decided",
    "Deciding",
    "Exploration",
    "Proof",
    "Rechecked",
    "Repaired",
    "Repairs",
    "Shown",
    "Shrunk",
    "Telling",
    "Tried",
    "Unreached",
    "Varied",
    "counterexample",
    "covered",
    "deciding",
    "explore",
    "identify",
    "is_same",
    "keep",
    "names",
    "prove",
    "recall",
    "recheck",
    "recheck_all",
    "renewed",
    "repair",
    "settled",
    "shown",
    "shrink",
    "unchanged",
    "vary",
    "with_patches",
    "with_stored",
]
