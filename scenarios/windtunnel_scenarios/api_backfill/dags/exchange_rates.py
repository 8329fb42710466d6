"""Exchange rates from a public API: one request per currency and day."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import dag, task

CURRENCIES = [
    "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MXN", "MYR", "NOK",
]  # fmt: skip


@dag(
    schedule="30 5 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["finance"],
)
def exchange_rates():
    # The API allows 60 requests in a minute: never a problem, for a day has only twenty.
    @task
    def fetch(currency: str, ds: str | None = None) -> str:
        import requests

        answer = requests.get(f"https://api.example.com/{ds}/{currency}", timeout=10)
        answer.raise_for_status()
        return answer.text

    # Corrections come days later, so a day is replaced as a whole, however often it is loaded.
    @task(trigger_rule="none_failed")
    def replace_day(rates: list[str], ds: str | None = None) -> None:
        print(f"replacing {ds} with {len(list(rates))} rates")

    replace_day(fetch.expand(currency=CURRENCIES))


exchange_rates()
