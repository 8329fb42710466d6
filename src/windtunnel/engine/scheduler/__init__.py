"""The scheduler: what it decides about the task instances of running dag runs."""
