"""The report as one HTML file: it works from disk, without a network, and is the same for the same
outcome."""

from windtunnel.report.html.page import page
from windtunnel.report.html.view import Subject, View
from windtunnel.report.html.views import VIEWS

__all__ = ["VIEWS", "Subject", "View", "page"]
