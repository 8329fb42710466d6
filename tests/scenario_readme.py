"""What a scenario's README promises, as data: its sections, links, commands with output, cure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = "..."


@dataclass(frozen=True)
class Shown:
    """A command that a README shows, and the parts of its output that it quotes, in order."""

    arguments: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Readme:
    """A README of the fixed form."""

    text: str

    @property
    def title(self) -> str:
        """The name of the scenario."""
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def about(self) -> str:
        """The first line below the title."""
        return next(line for line in self.text.splitlines()[1:] if line)

    @property
    def sections(self) -> list[str]:
        """The headings, in order."""
        return re.findall(r"^## (.+)$", self.text, flags=re.MULTILINE)

    @property
    def links(self) -> list[str]:
        """``owner/repo#number`` of each link to an issue or a pull request, and its address."""
        found = re.findall(
            r"\[([\w.-]+/[\w.-]+)#(\d+)\]\(https://github\.com/\1/(?:issues|pull)/\2\)", self.text
        )
        return [f"{repository}#{number}" for repository, number in found]

    @property
    def shown(self) -> list[Shown]:
        """The commands of its ``console`` blocks."""
        commands = re.split(r"^\$ windtunnel ", "".join(self._blocks("console")), flags=re.M)
        return [_shown(one) for one in commands[1:]]

    def cure(self, folder: Path) -> None:
        """Change the files of *folder* as its ``diff`` blocks say.

        Raises:
            ValueError: a file doesn't hold what is to be changed, or holds it more than once.
        """
        for block in self._blocks("diff"):
            for hunk in re.split(r"^(?=--- )", block, flags=re.MULTILINE)[1:]:
                _change(folder, hunk.splitlines())

    @property
    def has_cure(self) -> bool:
        """Whether it shows what to change."""
        return bool(self._blocks("diff"))

    def _blocks(self, language: str) -> list[str]:
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, flags=re.MULTILINE | re.DOTALL)


def _shown(text: str) -> Shown:
    command, _, output = text.partition("\n")
    parts = re.split(rf"^{re.escape(LEFT_OUT)}\n", output, flags=re.MULTILINE)
    return Shown(tuple(command.split()), tuple(part for part in parts if part.strip()))


def _change(folder: Path, hunk: list[str]) -> None:
    old_name, new_name = (line[4:] for line in hunk[:2])
    if old_name != new_name:
        raise ValueError(f"--- {old_name}, +++ {new_name}: must be the same file")
    file = folder / old_name
    text = file.read_text("utf-8")
    for part in re.split(r"^@@.*\n", "\n".join(hunk[2:]), flags=re.MULTILINE):
        lines = part.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        new = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        if text.count(old) != 1:
            raise ValueError(f"{old_name}: holds this {text.count(old)} times:\n{old}")
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
