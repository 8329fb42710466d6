"""The real Airflow: DAG files are loaded by it, in a process of its own."""

from windtunnel.loaders.real.load import LoadedByAirflow, load_with_airflow
from windtunnel.loaders.real.run import AirflowUnusable

__all__ = ["AirflowUnusable", "LoadedByAirflow", "load_with_airflow"]
