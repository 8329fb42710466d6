"""Data marts, each rebuilt by a query that takes minutes; the warehouse stands two at once."""

from datetime import datetime

from airflow import DAG
from airflow.providers.snowflake.operators.snowflake import SnowflakeSqlApiOperator
from airflow.providers.standard.operators.empty import EmptyOperator

MARTS = ("customers", "finance", "logistics", "marketing", "products", "returns", "stores", "web")

with DAG(
    "marts",
    schedule="0 4 * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    tags=["warehouse"],
):
    done = EmptyOperator(task_id="done")
    for mart in MARTS:
        rebuild = SnowflakeSqlApiOperator(
            task_id=f"rebuild_{mart}",
            sql=f"CALL marts.rebuild_{mart}()",
            statement_count=1,
            pool="warehouse",
            deferrable=True,
        )
        rebuild >> done
