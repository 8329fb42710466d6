"""Serialized DAGs: what Airflow's scheduler keeps of DAG files, in files or in its database."""

from windtunnel.loaders.serialized.database import load_database
from windtunnel.loaders.serialized.load import is_serialized, load_serialized

__all__ = ["is_serialized", "load_database", "load_serialized"]
