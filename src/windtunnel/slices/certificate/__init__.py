"""A proof that no schedule of a slice deadlocks, or where it might."""

from windtunnel.slices.certificate.proving import (
    Candidate,
    Certificate,
    NotCovered,
    Proof,
    Stuck,
    prove,
)
from windtunnel.slices.certificate.terms import Fact

__all__ = ["Candidate", "Certificate", "Fact", "NotCovered", "Proof", "Stuck", "prove"]
