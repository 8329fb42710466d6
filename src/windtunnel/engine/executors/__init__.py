"""Executors: what becomes of task instances between queued and running, one class each."""

from windtunnel.engine.executors.build import build, machines_of
from windtunnel.engine.executors.executor import Executor

__all__ = ["Executor", "build", "machines_of"]
