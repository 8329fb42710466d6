"""A proof that no schedule of a slice deadlocks, or where it might."""

from windtunnel.slices.certificate.loose import TIGHT, Loose
from windtunnel.slices.certificate.proving import (
    EFFORT,
    Candidate,
    Certificate,
    Exhausted,
    NotCovered,
    Proof,
    Question,
    Stuck,
    prove,
)
from windtunnel.slices.certificate.solving import has_solver
from windtunnel.slices.certificate.terms import Fact

__all__ = [
    "EFFORT",
    "TIGHT",
    "Candidate",
    "Certificate",
    "Exhausted",
    "Fact",
    "Loose",
    "NotCovered",
    "Proof",
    "Question",
    "Stuck",
    "has_solver",
    "prove",
]
