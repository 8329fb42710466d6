"""Presets: how many tasks a worker of a managed Airflow runs at once, by the vendor's size names.

Amazon MWAA: concurrent tasks per worker of each environment class,
https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html ("Environment
capabilities"). ``mw1.micro`` has a single worker; the others scale between limits of yours.

Astro: default task concurrency of each worker type,
https://www.astronomer.io/docs/astro/resource-reference-hosted ("Astro worker types").

Google Cloud Composer is not here: its workers' concurrency follows from the CPU and memory that
were chosen, and appears as ``[celery] worker_concurrency`` in its Airflow configuration.
"""

from __future__ import annotations

import re

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.layer import Layer

SLOTS = {
    "mwaa:mw1.micro": 3,
    "mwaa:mw1.small": 5,
    "mwaa:mw1.medium": 10,
    "mwaa:mw1.large": 20,
    "mwaa:mw1.xlarge": 40,
    "mwaa:mw1.2xlarge": 80,
    "astro:A5": 5,
    "astro:A10": 10,
    "astro:A20": 20,
    "astro:A40": 40,
    "astro:A60": 60,
    "astro:A120": 120,
    "astro:A160": 160,
}
"""Tasks at once on one worker."""

SINGLE = ("mwaa:mw1.micro",)
"""Sizes that have one worker and no more."""


def is_preset(text: str) -> bool:
    """Whether a text is meant as the name of a preset, known or not."""
    return re.match(r"(mwaa|astro|composer):", text) is not None


def from_preset(text: str) -> Layer:
    """What a size stands for: ``mwaa:mw1.small``, or ``mwaa:mw1.small*4`` for four workers.

    Raises:
        InvalidInput: there is no such preset, or the number of workers is none.
    """
    name, star, number = text.partition("*")
    if name not in SLOTS:
        raise InvalidInput(f"{name}: no such preset; there are: {', '.join(SLOTS)}")
    if star and (not number.isdigit() or int(number) < 1):
        raise InvalidInput(f"{text}: {number!r} is no number of workers; write {name}*4 for four")
    layer = Layer(name)
    layer.say("executor", "CeleryExecutor", name)
    layer.say("celery.worker_concurrency", SLOTS[name], name)
    if number or name in SINGLE:
        layer.say("worker_count", int(number or 1), text)
    return layer
