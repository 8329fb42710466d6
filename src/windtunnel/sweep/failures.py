"""Failures: errors of the work, as the process that swept gets them."""

from __future__ import annotations

from importlib import import_module

from windtunnel.errors import WindtunnelError
from windtunnel.sweep.plain import short_of
from windtunnel.sweep.worker import Failure


class WorkFailed(Exception):  # noqa: N818
    """Work on an item came to an error that is no user's mistake; the text names both."""


def raised(failure: Failure, item: object) -> Exception:
    """The error to raise: the same, if it is one of windtunnel's own, else one that names the item
    and where it comes from."""
    module, name, arguments, where = failure
    if not where:
        kind: type[Exception] = getattr(import_module(module), name, WindtunnelError)
        return kind(*arguments)
    return WorkFailed(f"{name}: {arguments[0]} (in {where}), with {short_of(item)}")
