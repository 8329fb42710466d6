"""Text files, read or refused in words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput


def read_text(file: Path, *, missing: str = "no such file") -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises:
        InvalidInput: it is missing, a folder, not UTF-8, or can't be read.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput(f"{file}: {missing}") from None
    except IsADirectoryError:
        raise InvalidInput(f"{file}: is a folder; name a file") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise InvalidInput(f"{file}: can't be read: {error.strerror}") from None


def read_toml(file: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InvalidInput: it can't be read, or is no TOML.
    """
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{file}: not valid TOML: {error}") from None
