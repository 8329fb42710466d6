"""Limits of memory for the process of one try, as far as the system has them."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

MB = 1024**2
IS_HELD = sys.platform == "linux"
"""Whether the system itself holds a process to its limit. Elsewhere somebody has to look."""
STATM = Path("/proc/self/statm")
DATA = 5
"""Field of it: pages of data and stacks."""


def hold_to(mb: int) -> None:
    """From now on this process may take so many MB more than it has."""
    if IS_HELD:
        has = int(STATM.read_text().split()[DATA]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = has + mb * MB
        if most != resource.RLIM_INFINITY:
            wanted = min(wanted, most)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def let_go() -> None:
    """This process may take what it needs again."""
    with contextlib.suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def resident_mb(pid: int) -> float:
    """Memory of another process, in MB; 0 if it is gone."""
    asked = ["ps", "-o", "rss=", "-p", str(pid)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return int(told) / 1024 if told else 0.0
