"""Explanations: what a finding's code means, and why a task instance waited."""

from windtunnel.explain.codes import Page, page, pages

__all__ = ["Page", "page", "pages"]
