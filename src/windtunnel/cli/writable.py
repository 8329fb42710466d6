"""Whether files can be written, asked before anything is simulated for them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkdtemp

from windtunnel.errors import InvalidInput


def ensure_writable(places: Iterable[tuple[str, Path]]) -> None:
    """Each place is an option as it was given, and a file that it asks for. Nothing is left there.

    Raises:
        InvalidInput: a file can't be written, as far as that is known before; all are named.
    """
    failed = []
    for option, file in places:
        try:
            _try(file)
        except OSError as error:
            failed.append(f"{option}: can't be written: {error.strerror}")
    if failed:
        raise InvalidInput("\n".join(failed))


def _try(file: Path) -> None:
    # A pipe or a device is not opened: whoever reads it would see it end.
    if file.is_file() or file.is_dir():
        file.open("r+b").close()
    elif not file.exists():
        # Not the file itself, nor the folders that it lacks: others may just now make them, too.
        above = Path(os.path.realpath(file)).parent
        while not above.exists():
            above = above.parent
        Path(mkdtemp(prefix=".windtunnel-", dir=above)).rmdir()
