"""Tries that meet, or do again, what they should not, and what keeps tries in order or apart."""
