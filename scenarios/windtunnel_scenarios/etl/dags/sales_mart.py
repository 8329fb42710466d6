"""What the sales people look at in the morning. Starts when the warehouse is ready, whenever that is."""

from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset

with DAG(
    "sales_mart",
    schedule=[Asset("s3://shop-lake/warehouse/ready")],
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["shop"],
):
    marts = [
        SQLExecuteQueryOperator(
            task_id=mart, conn_id="warehouse", sql=f"marts/{mart}.sql", pool="warehouse"
        )
        for mart in ("revenue", "baskets", "returns")
    ]
    refresh = SQLExecuteQueryOperator(
        task_id="refresh_dashboards", conn_id="warehouse", sql="marts/refresh.sql"
    )
    marts >> refresh
