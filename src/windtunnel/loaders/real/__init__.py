"""The real Airflow: DAG files are loaded by it, in a process of its own."""

from windtunnel.loaders.real.load import LoadedByAirflow, load_with_airflow

__all__ = ["LoadedByAirflow", "load_with_airflow"]
