"""Regression: each finding of a check as a pytest file that fails until it is gone."""

from windtunnel.regression.written import Written, check_folder, write_tests

__all__ = ["Written", "check_folder", "write_tests"]
