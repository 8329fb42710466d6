"""What the recorded tasks do: they sleep for drawn times, and sometimes fail."""

import math
import random
import time

luck = random.SystemRandom()


def work(median_s, spread=0.3, fails=0.0):
    """Sleep for about *median_s* seconds, then fail in a share of the cases."""
    time.sleep(luck.lognormvariate(math.log(median_s), spread))
    if luck.random() < fails:
        raise RuntimeError("it failed, as it does now and then")
