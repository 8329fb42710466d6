"""Shipped scenarios: one folder each, with DAG files as people write them, a cluster and a README.

The DAG files are data for the loaders; nobody imports them.
"""
