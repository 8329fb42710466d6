"""What a place needs of its bodies, and what it puts around each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from windtunnel.execute.backend import backend_of, serde_of
from windtunnel.execute.calls import entrance
from windtunnel.execute.classes import Classes
from windtunnel.execute.context import Surroundings
from windtunnel.execute.questions import Questions
from windtunnel.execute.steps import Name, Runs
from windtunnel.loaders.standin.operators import operator_class_of
from windtunnel.model import Profile, XComBackend
from windtunnel.model.body import Body


def runs_of(bodies: Mapping[Name, Body]) -> dict[Name, Runs]:
    """What is known of each body before it runs."""
    return {
        name: Runs(body.kind, bool(getattr(body.task, "do_xcom_push", True)))
        for name, body in bodies.items()
    }


def entrance_of(body: Body) -> Callable[..., Any] | None:
    """The function or method that does a body's work."""
    return body.function or entrance(operator_class_of(body.task))


def surroundings(
    ask: Questions, body: Body, profile: Profile, backend: XComBackend
) -> Surroundings:
    """What a try has around it."""
    serde = serde_of(profile, backend, Classes(entrance_of(body)))
    return Surroundings(ask, backend_of(profile, backend, serde), serde, profile)
