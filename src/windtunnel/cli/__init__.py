"""The command line: arguments, what goes to which stream, exit codes."""

from windtunnel.cli.app import main

__all__ = ["main"]
