"""The layered workload on SimGrid's C++ library, where a compiler and the library are installed."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import workloads

SOURCE = Path(__file__).parent / "peers" / "layered.cpp"


class SimGrid:
    """The compiled program and a workload as a file."""

    def __init__(self, work: workloads.Layered, keys: list[int], slots: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._program = Path(self._folder.name) / "layered"
        self._workload = Path(self._folder.name) / "workload.txt"
        lines = [f"{work.size} {slots}"]
        for duration, key, parents in zip(work.durations, keys, work.upstream, strict=True):
            lines.append(" ".join(str(n) for n in (duration, key, *parents)))
        self._workload.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def build(self) -> bool:
        """Compile it; False if there is no compiler or no SimGrid here."""
        command = ["g++", "-O2", "-o", str(self._program), str(SOURCE), "-lsimgrid"]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def run(self, how: str) -> tuple[float, float]:
        """(CPU seconds, makespan in seconds); ``how`` is ``execute`` or ``sleep``."""
        command = [str(self._program), str(self._workload), how]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        used, makespan = done.stdout.split()
        return float(used), float(makespan)
