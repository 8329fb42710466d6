"""Executors: what becomes of task instances between queued and running."""
