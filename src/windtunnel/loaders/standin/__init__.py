"""A pretend ``airflow``: enough of its surface that DAG files load with no Airflow installed."""

from windtunnel.loaders.standin.importing import offered, real_airflow
from windtunnel.loaders.standin.values import task_context

__all__ = ["offered", "real_airflow", "task_context"]
