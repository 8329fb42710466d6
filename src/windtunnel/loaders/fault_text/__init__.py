"""Faults as an operator would say them, in a line of text or in a table of a scenario file.

A fault has a name, after a colon what it strikes, and then clauses in any order.
"""

from windtunnel.loaders.fault_text.forms import FORMS, faults_help
from windtunnel.loaders.fault_text.reading import first_mistake, parse_fault
from windtunnel.loaders.fault_text.saying import said_fault, said_faults
from windtunnel.loaders.fault_text.subjects import share as parse_share
from windtunnel.loaders.fault_text.tables import fault_beginning, fault_tables
from windtunnel.loaders.fault_text.targets import check_targets, numbered_faults

__all__ = [
    "FORMS",
    "check_targets",
    "fault_beginning",
    "fault_tables",
    "faults_help",
    "first_mistake",
    "numbered_faults",
    "parse_fault",
    "parse_share",
    "said_fault",
    "said_faults",
]
