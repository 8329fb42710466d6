"""Backend: where the simulations of a sweep run; said in a few letters, ``dask=tcp://head:8786``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from windtunnel.errors import InvalidInput

Kind = Literal["here", "processes", "dask", "ray"]
FORMS = (
    "processes, processes=N, dask=tcp://HOST:8786, ray or ray=ray://HOST:10001; without it "
    "everything runs in this process"
)


@dataclass(frozen=True, slots=True)
class Backend:
    """Where work is done; it has no influence on what comes out."""

    kind: Kind = "here"
    workers: int | None = None
    """``processes``: how many; None: as many as there are cores."""
    address: str = ""
    """``dask``: of the scheduler; ``ray``: of the cluster, empty for one on this machine."""

    def __str__(self) -> str:
        value = self.address or self.workers
        return f"{self.kind}={value}" if value else self.kind


HERE = Backend()
"""One after the other, in this process."""


def read_backend(text: str) -> Backend:
    """A backend as it is written on a command line.

    Raises:
        InvalidInput: it is none.
    """
    kind, equals, value = text.strip().partition("=")
    if kind == "here" and not equals:
        return HERE
    if kind == "processes":
        return processes(value if equals else None, f"backend {text!r}")
    if kind == "dask" and value:
        return Backend("dask", address=value)
    if kind == "dask":
        raise InvalidInput(
            f"backend {text!r}: of which cluster? Name its scheduler: dask=tcp://HOST:8786"
        )
    if kind == "ray" and bool(value) == bool(equals):
        return Backend("ray", address=value)
    raise InvalidInput(f"backend {text!r}: there is none of this name; write {FORMS}")


def processes(workers: int | str | None, said: str = "workers") -> Backend:
    """So many processes of this machine; None: one for each core; 1: this process.

    Raises:
        InvalidInput: that is no number of processes; *said* is how it was asked for.
    """
    try:
        count = None if workers is None else int(workers)
    except ValueError:
        count = 0
    if count is not None and not 1 <= count <= 1000:
        raise InvalidInput(f"{said}: write a number of processes from 1 to 1000, not {workers!r}")
    return HERE if count == 1 else Backend("processes", count)
