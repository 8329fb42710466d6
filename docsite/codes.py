"""A page for each code of a finding: what `windtunnel explain CODE` prints."""

from __future__ import annotations

import re

from docsite.markdown import table
from windtunnel.explain import pages

FOLDER = "reference/findings"


def pages_of_codes() -> dict[str, str]:
    """Each page by its place in the site."""
    return {f"{FOLDER}/{one.code}.md": titled(one.text) for one in pages()}


def titled(text: str) -> str:
    """A page whose files have names: its DAG file and its scenario are run as they are."""
    text = re.sub(r"^```python$", '```python title="dags.py"', text, flags=re.MULTILINE)
    return re.sub(
        r"^```toml$(?=\n(?:start|duration|dags|\[\[?(?!tool)))",
        '```toml title="scenario.toml"',
        text,
        flags=re.MULTILINE,
    )


def table_of_codes() -> str:
    """All codes with what they mean, linked to their pages."""
    rows = [
        [f"[{one.code}]({FOLDER.rpartition('/')[2]}/{one.code}.md)", one.title] for one in pages()
    ]
    return table(["code", "what"], rows)
