"""Calibration: what a deployment did, as its database or an export tells it; the behavior that fits
it, and how well a simulation with it repeats what happened."""
