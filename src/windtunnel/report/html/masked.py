"""What looks like a secret is masked before it reaches a page that is passed on.

The words are those of Airflow's own masker (``DEFAULT_SENSITIVE_FIELDS``), as far as they are
followed by a value; and a few shapes that are secrets whatever they are called.
"""

from __future__ import annotations

import re
from typing import Any

from windtunnel.report.html.columns import Packed

MASK = "***"

_NAMES = (
    "access_token|access_key|api_?key|apikey|authorization|passphrase|passwd|password|private_key|"
    "secret|secret_key|token"
)
_NAMED = re.compile(
    rf"(?i)([\w-]*(?:{_NAMES})['\"]?\s*(?:=|:)\s*)(?:(?:bearer|basic)\s+)?"
    r"('[^'\n]*'|\"[^\"\n]*\"|[^\s,;&'\"}\])]+)"
)
_IN_URL = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+(?=@)")
_SHAPES = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[0-9A-Za-z]{36,}\b"
    r"|\bxox[abprs]-[0-9A-Za-z-]{10,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)


def masked_text(text: str) -> str:
    """The text with ``***`` in the place of what looks like a secret."""
    text = _SHAPES.sub(MASK, text)
    text = _IN_URL.sub(rf"\g<1>{MASK}", text)
    return _NAMED.sub(rf"\g<1>{MASK}", text)


def masked(value: Any) -> Any:
    """Plain JSON data, each text in them masked; also what is named by a key that sounds like a
    secret."""
    if isinstance(value, Packed):
        return value
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, dict):
        return {key: masked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    return value
