"""The keys of each fault, below the sentence that says what happens."""

from __future__ import annotations

from docsite.markdown import code
from docsite.settings import settings
from windtunnel.loaders.fault_text import FORMS, faults_help


def sections() -> str:
    """A section for each fault: what happens, one said in words, all keys of its table."""
    told = {name: (meaning, example) for name, meaning, _, _, example in faults_help()}
    parts = []
    for form in FORMS:
        _, example = told[form.name]
        parts += [f"## {form.name}", settings(form.model, {}), f"In words: {code(example)}"]
    return "\n\n".join(parts) + "\n"
