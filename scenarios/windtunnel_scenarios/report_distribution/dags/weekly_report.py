"""The weekly report: built once, then mailed to every customer on Monday morning."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import dag, task

CUSTOMERS = ("acme", "globex", "initech", "umbrella", "hooli")


@dag(
    schedule="0 6 * * MON",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
    tags=["reports"],
)
def weekly_report():
    @task
    def figures() -> str:
        """Computes the figures of all customers and says where they are."""
        return "s3://reports/weekly/figures.parquet"

    @task
    def render(where: str) -> list[str]:
        return [f"{where}.{customer}.pdf" for customer in CUSTOMERS]

    @task(execution_timeout=timedelta(minutes=10))
    def mail(files: list[str]) -> None:
        from smtplib import SMTP

        with SMTP("mail.example.com") as relay:
            for customer, file in zip(CUSTOMERS, files, strict=True):
                relay.sendmail("reports@example.com", f"{customer}@example.com", file)

    @task
    def tell_the_team() -> None:
        print("all reports are out")

    mail(render(figures())) >> tell_the_team()


weekly_report()
