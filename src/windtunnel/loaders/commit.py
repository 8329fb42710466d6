"""Commit: the files of a repository as they were in one, for a target such as ``main:dags``."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from windtunnel.errors import InvalidInput


def is_commit(target: str) -> bool:
    """Whether a target names a path in a commit, as git writes it: ``REV:PATH``."""
    rev, colon, _ = target.partition(":")
    # A drive letter is none, and neither is a file that is called so.
    return bool(colon) and len(rev) > 1 and "/" not in rev[:1] and not Path(target).exists()


def checked_out(target: str, into: Path) -> Path:
    """Write the files of a commit into a folder; gives the path in it that the target names.

    All files of the commit are there, as DAG files import what stands beside them. The checkout
    that one works in is left alone.

    Raises:
        InvalidInput: git can't be run here, or there is no such commit or path.
    """
    rev, _, path = target.partition(":")
    top = Path(_git(target, "rev-parse", "--show-toplevel").decode().strip())
    prefix = _git(target, "rev-parse", "--show-prefix").decode().strip()
    commit = _git(target, "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}").decode().strip()
    packed = _git(target, "-C", str(top), "archive", "--format=tar", commit)
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(into, filter="data")
    # As git reads it: from the top of the repository, or from here with ./
    inside = into / prefix / path if path.startswith(("./", "../")) else into / path
    if not inside.resolve().is_relative_to(into.resolve()) or not inside.exists():
        raise InvalidInput(
            f"{target}: no {path!r} in that commit; paths are those from the top of the "
            "repository, or from here with ./ before them"
        )
    return inside


def _git(target: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except OSError as error:
        raise InvalidInput(f"{target}: git can't be run: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or "there is no such commit"
        raise InvalidInput(f"{target}: {said.removeprefix('fatal: ')}")
    return done.stdout
