"""The exceptions that DAG files import from ``airflow.exceptions``: real classes, so that code that
runs task bodies can recognise what a body raised."""

from __future__ import annotations


class AirflowException(Exception):  # noqa: N818 - Airflow's name
    """Base of Airflow's exceptions; raised in a task body it fails the try."""


class AirflowFailException(AirflowException):
    """Fails the task at once, without a retry."""


class AirflowSkipException(AirflowException):
    """Skips the task."""


class AirflowNotFoundException(AirflowException):
    """A Connection, Variable or other object does not exist."""


class AirflowRuntimeError(Exception):
    """What the Task SDK raises if something isn't found (3.x)."""


class AirflowConfigException(AirflowException):
    """A setting is missing or wrong."""


class AirflowSensorTimeout(AirflowException):
    """A sensor's timeout passed."""


class ParamValidationError(AirflowException):
    """A parameter's value is not what its schema asks for."""


class AirflowTaskTimeout(BaseException):
    """A try took longer than ``execution_timeout``."""


class AirflowRescheduleException(AirflowException):
    """A sensor gives its slot back until ``reschedule_date``."""

    def __init__(self, reschedule_date: object = None) -> None:
        super().__init__(reschedule_date)
        self.reschedule_date = reschedule_date


class TaskDeferred(BaseException):
    """A task hands over to the triggerer."""


class DagInvalid(AirflowException):
    """A DAG file defines something that Airflow refuses, at the moment it is defined.

    ``cause`` is the cause of the `windtunnel.model.Problem` that it becomes.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: str = "value",
        dag_id: str | None = None,
        task_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.dag_id = dag_id
        self.task_id = task_id


class DuplicateTaskIdFound(DagInvalid):
    """Two tasks or groups of one DAG have the same id."""


class NetworkRefusedError(RuntimeError):
    """A DAG file tried to reach the network while it was loaded."""
