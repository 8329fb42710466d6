from datetime import datetime

from airflow.sdk import DAG, task

with DAG("etl", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):

    @task(retries=1)
    def extract(): ...

    @task(pool="warehouse")
    def load(): ...

    extract() >> load()

with DAG("report", schedule="0 3 * * *", start_date=datetime(2026, 1, 1), catchup=False):

    @task(pool="warehouse")
    def build(): ...

    build()
