"""Faults as an operator would say them, in a line of text or in a table of a scenario file.

A fault has a name, after a colon what it strikes, and then clauses in any order.
"""

from windtunnel.loaders.fault_text.forms import FORMS, faults_help
from windtunnel.loaders.fault_text.reading import parse_fault
from windtunnel.loaders.fault_text.saying import said_fault, said_faults
from windtunnel.loaders.fault_text.tables import fault_tables
from windtunnel.loaders.fault_text.targets import check_targets, numbered_faults

__all__ = [
    "FORMS",
    "check_targets",
    "fault_tables",
    "faults_help",
    "numbered_faults",
    "parse_fault",
    "said_fault",
    "said_faults",
]
