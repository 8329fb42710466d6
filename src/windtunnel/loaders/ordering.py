"""Ordering: whether code may loop over a set, whose order is another one in each Python process.

A DAG file that makes tasks in such a loop has them in another order each time. Airflow doesn't
mind, but a simulation would not be repeatable. Such files are read where hashes are always the
same.
"""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import sys
from types import CodeType

FIXED_HASHES = {"PYTHONHASHSEED": "0"}
"""For the environment of a process in which sets have one order."""
SET_MAKERS = frozenset(("set", "frozenset"))
TASK_MAKERS = ("Operator", "Sensor", "DAG", "TaskGroup", "dag", "expand")
"""Ends of names in functions that make DAGs or tasks."""


def varies() -> bool:
    """Whether sets have another order in the next process than in this one."""
    return bool(sys.flags.hash_randomization)


@functools.lru_cache(maxsize=4096)
def makes_sets(code: CodeType) -> bool:
    """Whether a module makes a set for more than to look something up in it: outside of functions,
    or in one that makes tasks."""
    consts = code.co_consts
    if SET_MAKERS & set(code.co_names) or dis.opmap["BUILD_SET"] in code.co_code[::2]:
        return True
    if any(isinstance(one, frozenset) for one in consts) and _loops_over_constant(code):
        return True
    return any(
        makes_sets(inner)
        for inner in consts
        if isinstance(inner, CodeType) and (_is_executed(inner) or _makes_tasks(inner))
    )


def _is_executed(code: CodeType) -> bool:
    """Whether it runs where it stands: the body of a class, or a comprehension."""
    return not code.co_flags & inspect.CO_OPTIMIZED or code.co_name.startswith("<")


def _makes_tasks(code: CodeType) -> bool:
    return any(name.endswith(TASK_MAKERS) for name in (*code.co_names, *code.co_freevars))


def _loops_over_constant(code: CodeType) -> bool:
    """Whether a set that is written down is used otherwise than after ``in``."""
    found = [step for step in dis.get_instructions(code) if step.opname not in ("CACHE", "NOP")]
    return any(
        isinstance(step.argval, frozenset) and after.opname != "CONTAINS_OP"
        for step, after in itertools.pairwise(found)
    )
