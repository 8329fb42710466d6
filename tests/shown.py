"""The examples of a page: its fenced blocks, and what running them in a folder comes to.

What a block is, its first line says::

    ```python title="dags/etl.py"      a file: written before anything runs
    ```python                          run, one after the other, with the same names
    ```console                         lines with `$ ` are run, the others are what they print
    ```sh                              commands to choose from: they exist, with their options
    ```toml, ```json, ```yaml, ```ini  can be read
    ```diff                            applied to these files
    ```text                            part of what a command of the page has printed

In what is shown, a line `...` stands for any lines that are left out.
"""

from __future__ import annotations

import configparser
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from windtunnel.cli import main

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
TIMES = re.compile(r"\b(in )\d+\.\d+s")
"""How long pytest took is never the same."""

ONLY_OURS = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_windtunnel.plugin",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""pytest starts quicker without what else is installed here."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    title: str | None
    text: str
    line: int

    @property
    def first(self) -> str:
        """Its first line, by which it is named where it can't be run."""
        return self.text.partition("\n")[0].strip()


def blocks(markdown: str) -> Iterator[Block]:
    """All fenced blocks of a page, in order, those inside of lists and notes too."""
    for found in FENCE.finditer(markdown):
        indent = found["indent"]
        text = re.sub(rf"^{indent}", "", found["text"], flags=re.MULTILINE)
        title = re.search(r'title="([^"]*)"', found["rest"])
        line = markdown.count("\n", 0, found.start()) + 1
        yield Block(found["language"], title and title[1], text, line)


def steps(console: str) -> Iterator[tuple[str, str]]:
    """(command, what it prints) of a block of the console."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        while command.endswith("\\"):
            more, _, printed = printed.partition("\n")
            command = command[:-1] + more.strip()
        yield command, printed


def is_shown(expected: str, printed: str, *, whole: bool) -> bool:
    """Whether a text is what was printed, or (not whole) a part of it, but for what lines `...`
    leave out."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in _lines(expected)
    )
    text = "".join(f"{line}\n" for line in _lines(printed))
    found = re.fullmatch(pattern, text) if whole else re.search(f"(?m)^{pattern}", text)
    return found is not None


def _lines(text: str) -> list[str]:
    same = TIMES.sub(r"\g<1>0.00s", text).strip("\n")
    return [line.rstrip() for line in same.split("\n")]


@dataclass
class Folder:
    """Where the examples of one page run; the current folder while they do."""

    place: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__shown__"})
    printed: str = ""
    exit_code: int = 0

    def write(self, block: Block) -> None:
        """Make the file that a block shows."""
        assert block.title is not None
        file = self.place / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")

    def execute(self, block: Block, name: str) -> None:
        """Run Python; lines stay those of the page, so that a traceback names them."""
        code = "\n" * block.line + block.text
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(code, name, "exec"), self.names)
        self.printed += out.getvalue()

    def run(self, command: str) -> str:
        """What a command prints."""
        if command == "echo $?":
            return str(self.exit_code)
        words = shlex.split(command)
        if words[0] == "windtunnel" and "|" not in words:
            text = self._windtunnel(words[1:])
        elif words[0] == "pytest" and "|" not in words:
            text = self._pytest(words[1:])
        else:
            text = self._other(command)
        self.printed += text
        return text

    def change(self, block: Block) -> None:
        """Apply a diff."""
        subprocess.run(
            ["git", "apply", "-"], cwd=self.place, input=block.text, text=True, check=True
        )

    def _windtunnel(self, arguments: list[str]) -> str:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            before, sys.argv = sys.argv, ["windtunnel", *arguments]
            try:
                main()
            except SystemExit as end:
                self.exit_code = end.code if isinstance(end.code, int) else 0
            finally:
                sys.argv = before
        return out.getvalue()

    def _pytest(self, arguments: list[str]) -> str:
        """In a fork of this process: a session of its own, in which all is imported already."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
            child = os.fork()
            if child == 0:
                code = 70  # it never comes back from here, whatever happens
                try:
                    os.environ.update(ONLY_OURS, COLUMNS="80")
                    os.chdir(self.place)
                    os.dup2(out.fileno(), 1)
                    os.dup2(out.fileno(), 2)
                    sys.stdout = sys.stderr = out
                    code = int(pytest.main(arguments))
                    out.flush()
                finally:
                    os._exit(code)
            self.exit_code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            return out.read()

    def _other(self, command: str) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.place,
            env=os.environ | {"PATH": path, "COLUMNS": "80"} | ONLY_OURS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.exit_code = done.returncode
        return done.stdout


def read(block: Block) -> None:
    """Read a block of a data language.

    Raises:
        ValueError: it can't be read.
    """
    readers: dict[str, Any] = {
        "toml": tomllib.loads,
        "json": json.loads,
        "yaml": yaml.safe_load,
        "ini": lambda text: configparser.ConfigParser(interpolation=None).read_string(text),
    }
    readers[block.language](block.text)
