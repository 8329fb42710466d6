"""SARIF 2.1.0: what code scanning services read; the page of each code is the help of its rule."""

from __future__ import annotations

import json
from importlib.metadata import metadata, version
from typing import Any
from urllib.parse import quote

from windtunnel.explain import page
from windtunnel.report.ci.notices import BROKEN, RAISED, UNREACHED, Notice, Told
from windtunnel.report.ci.replacements import Replacement

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "windtunnelFinding/v1"
ROOT = "%SRCROOT%"
LEVELS = {"error": "error", "warning": "warning", "accepted": "warning"}
OTHER_RULES = {
    BROKEN: ("Broken DAG file", "A DAG file, or a part of it, can't be used; it was not checked."),
    RAISED: ("Failed task", "A real callable raised, and its task instance failed."),
    UNREACHED: ("Never reached", "No simulation came to something that it had to come to."),
}


def sarif(told: Told) -> str:
    """The whole file. Rules are those of which something is told, in order."""
    codes = sorted({one.code for one in told.notices})
    numbers = {code: number for number, code in enumerate(codes)}
    driver = {
        "name": "windtunnel",
        "semanticVersion": version("windtunnel"),
        **({"informationUri": _documentation()} if _documentation() else {}),
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(one, numbers[one.code]) for one in told.notices],
    }
    form = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(form, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    if code in OTHER_RULES:
        title, meaning = OTHER_RULES[code]
        help_ = {"text": meaning, "markdown": meaning}
    else:
        found = page(code)
        title, meaning = found.title, found.meaning
        help_ = {"text": found.text, "markdown": found.text}
    where = _documentation()
    uri = {"helpUri": f"{where.rstrip('/')}/reference/findings/{code}.html"} if where else {}
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in title.replace("-", " ").split()),
        "shortDescription": {"text": title},
        "fullDescription": {"text": meaning},
        "help": help_,
        **uri,
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["airflow"]},
    }


def _result(one: Notice, rule: int) -> dict[str, Any]:
    related = [
        {"id": number, "message": {"text": said}, **_place(file, line)}
        for number, (said, file, line) in enumerate(one.related)
    ]
    waived = {"kind": "external", **({"justification": one.reason} if one.reason else {})}
    return {
        "ruleId": one.code,
        "ruleIndex": rule,
        "level": LEVELS[one.level],
        "message": {"text": f"{one.headline}\n{one.message}"},
        "locations": [_place(one.file, one.line)] if one.file else [],
        "partialFingerprints": {FINGERPRINT: one.fingerprint},
        **({"relatedLocations": related} if related else {}),
        **({"fixes": [_fix(*fix) for fix in one.fixes]} if one.fixes else {}),
        **({"suppressions": [waived]} if one.level == "accepted" else {}),
    }


def _fix(said: str, changed: tuple[Replacement, ...]) -> dict[str, Any]:
    files = dict.fromkeys(one.file for one in changed)
    return {
        "description": {"text": said},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(file),
                "replacements": [
                    {
                        "deletedRegion": {
                            "startLine": one.line,
                            "startColumn": 1,
                            "endLine": one.line + one.lines,
                            "endColumn": 1,
                        },
                        "insertedContent": {"text": one.text},
                    }
                    for one in changed
                    if one.file == file
                ],
            }
            for file in files
        ],
    }


def _place(file: str, line: int | None) -> dict[str, Any]:
    region = {"region": {"startLine": line}} if line else {}
    return {"physicalLocation": {"artifactLocation": _artifact(file), **region}}


def _artifact(file: str) -> dict[str, Any]:
    if file.startswith("/"):
        return {"uri": f"file://{quote(file)}"}
    return {"uri": quote(file), "uriBaseId": ROOT}


def _documentation() -> str:
    """Where the documentation is, if the package says so."""
    urls = metadata("windtunnel").get_all("Project-URL") or []
    found: dict[str, str] = dict(url.split(", ", 1) for url in urls)
    return found.get("Documentation", "")
