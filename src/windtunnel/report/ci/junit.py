"""JUnit XML: a test case for each DAG, and one for each notice, as CI services list them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from windtunnel.report.ci.notices import BROKEN, Notice, Told

FLEET = "fleet"
"""The class of what belongs to no file."""
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(told: Told) -> str:
    """The whole file. It has no times: a simulation's are not those of a test."""
    cases = [_case(one) for one in told.notices]
    hit = {one.dag_id for one in told.notices if one.level == "error"}
    for dag_id, file, line in told.dags:
        if dag_id not in hit:
            cases.append(_element(dag_id, file, line))
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    said = {name: str(number) for name, number in counts.items()}
    root = ET.Element("testsuites", {"name": "windtunnel", **said})
    suite = ET.SubElement(root, "testsuite", {"name": f"windtunnel {told.command}", **said})
    suite.extend(cases)
    if told.covered:
        ET.SubElement(suite, "system-out").text = _clean(f"Covered: {told.covered}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")


def _case(one: Notice) -> ET.Element:
    code = f"{one.code} " if one.code.startswith("WT") else ""
    case = _element(f"{one.dag_id or one.file or FLEET}[{code}{one.title}]", one.file, one.line)
    if one.level == "error":
        kind = "error" if one.code == BROKEN else "failure"
        said = ET.SubElement(case, kind, type=one.code, message=_clean(one.sentence))
        said.text = _clean(one.text)
    else:
        why = f"accepted: {one.reason}" if one.level == "accepted" else one.sentence
        said = ET.SubElement(
            case, "skipped", type=one.code, message=_clean(" ".join(why.rstrip(": ").split()))
        )
        said.text = _clean(one.text)
    return case


def _element(name: str, file: str | None, line: int | None) -> ET.Element:
    said = {"classname": file or FLEET, "name": _clean(name)}
    said |= {"file": file} if file else {}
    said |= {"line": str(line)} if file and line else {}
    return ET.Element("testcase", said)


def _clean(text: str) -> str:
    """Without what XML 1.0 can't hold."""
    return _NOT_XML.sub("\ufffd", text)
