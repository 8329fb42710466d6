"""Limits that starve, overflow, run out, or don't hold."""
