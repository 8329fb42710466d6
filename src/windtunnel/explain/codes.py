"""Pages: what each code of a finding means, why it happens, how to accept and how to cure it.

They are Markdown files beside this one, one for each code, and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from windtunnel.errors import InvalidInput

CODE = re.compile(r"WT\d{3}")
HEADINGS = ("Why it happens", "Example", "Accept it", "Cure it")
"""What each page has below its first paragraph, in this order."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be known of one code."""

    code: str
    title: str
    text: str
    """Markdown, with its title."""

    @property
    def meaning(self) -> str:
        """The paragraphs before the first heading, each on one line."""
        head = self.text.partition("\n## ")[0].partition("\n")[2].strip()
        return "\n\n".join(" ".join(part.split()) for part in head.split("\n\n"))

    def section(self, heading: str) -> str:
        """What stands below a heading; empty if there is none of this name."""
        found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", self.text, re.M | re.S)
        return found[1].strip() if found else ""


@cache
def pages() -> tuple[Page, ...]:
    """All pages, by code."""
    found = []
    for file in files("windtunnel.explain").joinpath("pages").iterdir():
        code = file.name.removesuffix(".md")
        if CODE.fullmatch(code):
            text = file.read_text(encoding="utf-8").strip() + "\n"
            title = text.partition("\n")[0].removeprefix(f"# {code}: ")
            found.append(Page(code, title, text))
    return tuple(sorted(found, key=lambda one: one.code))


def is_code(text: str) -> bool:
    """Whether a text is meant as a code, in capitals or not."""
    return re.fullmatch(r"(?i)(wt)?[-_ ]?\d{1,4}", text.strip()) is not None


def page(code: str) -> Page:
    """The page of a code; ``wt101`` and ``101`` are as good as ``WT101``.

    Raises:
        InvalidInput: there is no such code; the message names those that there are.
    """
    known = {one.code: one for one in pages()}
    number = re.sub(r"(?i)^(wt)?[-_ ]?", "", code.strip())
    wanted = f"WT{number}"
    if wanted in known:
        return known[wanted]
    raise InvalidInput(
        f"{code}: no finding has this code; there are: {', '.join(known)}. `windtunnel explain` "
        "says what each is."
    )
