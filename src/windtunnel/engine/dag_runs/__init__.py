"""Dag runs: when each comes to be, of a timetable, assets, a backfill or a person, and starts."""
