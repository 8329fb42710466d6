"""Faults as an operator would say them, in a line of text or in a table of a scenario file.

A fault has a name, after a colon what it strikes, and then clauses in any order.
"""

from windtunnel.loaders.fault_text.forms import FORMS, faults_help
from windtunnel.loaders.fault_text.reading import fault_table, parse_fault
from windtunnel.loaders.fault_text.saying import said_fault, said_faults
from windtunnel.loaders.fault_text.targets import check_targets, numbered_faults

__all__ = [
    "FORMS",
    "check_targets",
    "fault_table",
    "faults_help",
    "numbered_faults",
    "parse_fault",
    "said_fault",
    "said_faults",
]
