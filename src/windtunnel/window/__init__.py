"""The window of time: chosen where nobody said it, bounded; what did nothing in it, and why."""

from windtunnel.window.bounds import EARLIEST, LATEST, LONGEST_S, check_length, check_start
from windtunnel.window.chosen import chosen, triggered
from windtunnel.window.idle import Idle, backlog, lost, never_ran, refused
from windtunnel.window.unstruck import unstruck

__all__ = [
    "EARLIEST",
    "LATEST",
    "LONGEST_S",
    "Idle",
    "backlog",
    "check_length",
    "check_start",
    "chosen",
    "lost",
    "never_ran",
    "refused",
    "triggered",
    "unstruck",
]
