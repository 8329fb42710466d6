"""The command line: arguments, what goes to which stream, exit codes."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line.

    Where the current folder is gone even imports fail, so that is looked at before any."""
    try:
        os.getcwd()
    except OSError:
        said = "windtunnel: the current folder does not exist any more; change to one that does"
        print(said, file=sys.stderr)
        raise SystemExit(2) from None
    from windtunnel.cli import app  # noqa: PLC0415 - see above

    app.main()
