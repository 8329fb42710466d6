"""What the recorded tasks do: they sleep for drawn times, and sometimes fail."""

import math
import os
import random
import time
from datetime import timedelta

luck = random.SystemRandom()
SLOW = int(os.environ.get("PACE", "1"))
"""How many times as long everything takes, and as seldom comes: on a busy machine Airflow's own
start-up varies, and should not be most of it."""


def each(seconds):
    """A distance between runs."""
    return timedelta(seconds=seconds * SLOW)


def minutes(number):
    """A cron expression."""
    return f"*/{number * SLOW} * * * *"


def work(median_s, spread=0.3, fails=0.0):
    """Sleep for about *median_s* seconds, then fail in a share of the cases."""
    time.sleep(SLOW * luck.lognormvariate(math.log(median_s), spread))
    if luck.random() < fails:
        raise RuntimeError("it failed, as it does now and then")
