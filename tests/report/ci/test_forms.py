"""The forms that CI services read, as they read them."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from xml.etree import ElementTree as ET

import pytest

from windtunnel.explain import page
from windtunnel.model import Fleet
from windtunnel.report.ci import github, gitlab, junit, markdown, sarif, unusable
from windtunnel.report.ci.replacements import Replacement, replacements

STORY = (
    "1 task holds the last worker slots and waits for tasks that need one.%0A"
    "No progress after 2026-03-01 02:05:00 (virtual time, UTC) until 02:41:00 (36m later): "
    "task_queued_timeout fails build_eu.orders.%0A"
)


def test_github_shows_each_on_its_line(said):
    broken, found, could = github(said).splitlines()
    assert broken == (
        "::error file=airflow/dags/late/new.py,line=2,title=Not used%3A syntax::syntax error: bad"
    )
    assert found.startswith(
        "::error file=airflow/dags/sales.py,line=20,title=WT101 Worker slot deadlock (sales_eu)::"
        + STORY
    )
    assert found.endswith(
        "%0AFix: worker slots: 8 -> 9%0AMore: windtunnel explain WT101; windtunnel replay wt1-8Kq2"
    )
    assert could.startswith(
        "::warning file=airflow/dags/build.py,line=7,"
        "title=WT118 Could happen%3A Waits could take all slots (build_eu)::100 %25 of <pool> a|b: "
    )


def test_junit_has_a_case_for_each_dag_and_each_notice(said):
    root = ET.fromstring(junit(said))
    assert root.attrib == {
        "name": "windtunnel",
        "tests": "6",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    cases = {case.attrib["name"]: [inner.tag for inner in case] for case in root.iter("testcase")}
    assert (
        cases
        == {
            "airflow/dags/late/new.py[Not used: syntax]": ["error"],
            "sales_eu[WT101 Worker slot deadlock]": ["failure"],
            "build_eu[WT118 Could happen: Waits could take all slots]": ["skipped"],
            "quiet[WT113 Sensor waits for runs that never come]": ["skipped"],
            "build_eu": [],
            "quiet": [],
        }
        or len(cases) == 6
    )


def test_junit_says_what_the_terminal_says_and_nothing_that_xml_can_not_hold(said):
    text = junit(said)
    root = ET.fromstring(text)
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.startswith("WT101 Worker slot deadlock")
    assert "windtunnel replay wt1-8Kq2" in failure.text
    assert "\x1b" not in text
    assert 'message="accepted: made by hand"' in text
    assert junit(said) == text


def test_sarif_has_rules_with_their_pages_and_results_with_places(said):
    form = json.loads(sarif(said))
    (run,) = form["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["WT101", "WT113", "WT118", "broken-dag-file"]
    assert rules[0]["help"]["markdown"] == page("WT101").text
    assert rules[0]["fullDescription"]["text"] == page("WT101").meaning
    by_code = {result["ruleId"]: result for result in run["results"]}
    found = by_code["WT101"]
    assert rules[found["ruleIndex"]]["id"] == "WT101"
    assert found["level"] == "error"
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "airflow/dags/sales.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 20},
            }
        }
    ]
    assert [
        one["physicalLocation"]["region"]["startLine"] for one in found["relatedLocations"]
    ] == [
        20,
        7,
    ]
    assert by_code["WT118"]["level"] == "warning"
    waived = [{"kind": "external", "justification": "made by hand"}]
    assert by_code["WT113"]["suppressions"] == waived
    assert "suppressions" not in found
    assert "primaryLocationLineHash" not in found["partialFingerprints"], "GitHub makes its own"


def test_sarif_has_only_what_the_standard_knows(said):
    """The keys of SARIF 2.1.0 that we use; all of them are in its schema."""
    form = json.loads(sarif(said))
    assert form.keys() == {"$schema", "version", "runs"}
    assert form["version"] == "2.1.0"
    (run,) = form["runs"]
    assert run.keys() == {"tool", "columnKind", "originalUriBaseIds", "results"}
    for result in run["results"]:
        assert result.keys() <= {
            "ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints",
            "relatedLocations", "suppressions",
        }  # fmt: skip
        for number, one in enumerate(result.get("relatedLocations", ())):
            assert one["id"] == number
            assert one["physicalLocation"]["region"]["startLine"] >= 1


def test_gitlab_has_an_issue_with_a_severity_for_each(said):
    issues = json.loads(gitlab(said))
    assert [(one["check_name"], one["severity"], one["location"]) for one in issues] == [
        ("broken-dag-file", "major", {"path": "airflow/dags/late/new.py", "lines": {"begin": 2}}),
        ("WT101", "major", {"path": "airflow/dags/sales.py", "lines": {"begin": 20}}),
        ("WT118", "minor", {"path": "airflow/dags/build.py", "lines": {"begin": 7}}),
    ]
    assert len({one["fingerprint"] for one in issues}) == 3
    assert issues[1]["description"] == (
        "WT101 Worker slot deadlock (sales_eu): 1 task holds the last worker slots and waits for "
        "tasks that need one."
    )


HEAD = """\
## windtunnel check

2 findings (WT101) in 8 simulations. Could happen: WT118. 1 accepted. 3 of 3 DAGs never ran. \
Not everything was used (1 problem).

| | what | where |
|---|---|---|
| ❌ | Not used: syntax | `airflow/dags/late/new.py:2` |
| ❌ | WT101 Worker slot deadlock (sales\\_eu) | `airflow/dags/sales.py:20` |
| ⚠️ | WT118 Could happen: Waits could take all slots (build\\_eu) | `airflow/dags/build.py:7` |

<details><summary>Not used: syntax</summary>

```text
syntax error: bad
```

</details>

<details><summary>WT101 Worker slot deadlock (sales_eu)</summary>

```text
WT101 Worker slot deadlock"""
TAIL = """\
Accepted: WT113 Sensor waits for runs that never come (quiet): made by hand

<sub>Covered: 8 simulations</sub>
"""


def test_markdown_is_the_verdict_a_table_and_the_texts_to_unfold(said):
    text = markdown(said)
    assert text.startswith(HEAD)
    assert text.endswith(TAIL)


def test_markdown_shows_names_as_they_are(said):
    """In tables, in summaries that are HTML, and in what a person wrote as a reason."""
    name = "a|b <i> `x` @me #7 [l](u) ~s~ \\_"
    odd = replace(said.notices[1], dag_id=None, title=name, file="dags/`x`|y.py", line=3)
    waived = replace(odd, level="accepted", reason=name)
    lines = markdown(replace(said, notices=(odd, waived))).splitlines()
    plain = "&lt;i&gt; \\`x\\` &#64;me \\#7 \\[l\\](u) \\~s\\~ \\\\\\_"
    assert f"| ❌ | WT101 a\\|b {plain} | `` dags/`x`\\|y.py:3 `` |" in lines
    assert f"<details><summary>WT101 {escape(name, quote=False)}</summary>" in lines
    assert f"Accepted: WT101 a|b {plain}: a|b {plain}" in lines


def test_what_is_a_line_is_one_whatever_names_have_in_them(said):
    odd = replace(said.notices[1], summary="all of pool a\r\n  b")
    (issue,) = json.loads(gitlab(replace(said, notices=(odd,))))
    assert issue["description"].endswith(": all of pool a b")
    assert 'message="WT101 Worker slot deadlock (sales_eu): all of pool a b"' in junit(
        replace(said, notices=(odd,))
    )


@pytest.mark.parametrize("form", [junit, sarif, gitlab, markdown, github])
def test_nothing_to_say_is_said_too(form, places):
    text = form(unusable("check", Fleet(), places))
    assert "WT" not in text


PATCH = """\
--- a/dags/etl.py
+++ b/dags/etl.py
@@ -1,6 +1,7 @@
 one
-two
+deux
 three
+trois et demi
 four
 five
 six
--- a/dags/mart.py
+++ b/dags/mart.py
@@ -9,2 +9,1 @@
 nine
-ten
\\ No newline at end of file
"""


def test_a_patch_is_told_by_the_lines_that_it_replaces():
    assert replacements(PATCH) == (
        Replacement("dags/etl.py", 2, 1, "deux\n"),
        Replacement("dags/etl.py", 4, 0, "trois et demi\n"),
        Replacement("dags/mart.py", 10, 1, ""),
    )
    assert replacements("") == ()
