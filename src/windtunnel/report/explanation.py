"""What a finding's code means: pages and the list of them, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.explain import Page
from windtunnel.explain.codes import HEADINGS
from windtunnel.report.json_form import dump


def codes_text(pages: Sequence[Page]) -> str:
    """Every code with its title."""
    lines = [f"{one.code}  {one.title}" for one in pages]
    return "\n".join([*lines, "", "windtunnel explain CODE says why it happens and what cures it."])


def codes_json(pages: Sequence[Page]) -> str:
    """Every code with its page."""
    return dump(kind="codes", codes=[_as_json(one) for one in pages])


def page_json(page: Page) -> str:
    """One page: its text in Markdown, as a whole and by section."""
    return dump(kind="code", **_as_json(page))


def _as_json(page: Page) -> dict[str, object]:
    sections = {heading: page.section(heading) for heading in HEADINGS}
    return {
        "code": page.code,
        "title": page.title,
        "meaning": page.meaning,
        "sections": sections,
        "markdown": page.text,
    }
