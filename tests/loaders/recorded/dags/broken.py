"""A DAG file that can't be loaded: its package isn't installed."""

from airflow import DAG

import a_package_that_nobody_has

dag = DAG("broken", schedule=a_package_that_nobody_has.SCHEDULE)
