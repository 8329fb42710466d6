"""Clickstream: every hour what came in since the last one, part by part, into the warehouse.

Written for Airflow 2: "at most four parts at once", and `data_interval_start` to `data_interval_end`
is the hour that just ended.
"""

from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

PARTS = range(8)

with DAG(
    "clickstream",
    schedule="0 * * * *",
    start_date=datetime(2026, 3, 1),
    max_active_tasks=4,
    tags=["web"],
):
    for part in PARTS:
        SQLExecuteQueryOperator(
            task_id=f"load_part_{part}",
            conn_id="warehouse",
            sql=f"""
                INSERT INTO clicks
                SELECT * FROM raw_clicks_{part}
                WHERE at >= '{{{{ data_interval_start }}}}' AND at < '{{{{ data_interval_end }}}}'
            """,
        )
