"""Slices: small fleets as plain, explicit state, to be looked at exhaustively.

The engine simulates all that Airflow does and can't be asked "and what else could happen from
here". A slice keeps what decides who waits for whom: runs, tasks, limits, locks, waits, faults, in
whole ticks. Its state can be copied and compared, so all of its futures can be walked.
"""

from windtunnel.slices.fleet import Slice
from windtunnel.slices.reading import changed, read_slice
from windtunnel.slices.simulation import Simulation
from windtunnel.slices.state import State

__all__ = ["Simulation", "Slice", "State", "changed", "read_slice"]
