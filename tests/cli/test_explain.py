"""`windtunnel explain`: a code is understood at night, without a browser."""

from __future__ import annotations

import json


def test_a_code_prints_its_page(cli) -> None:
    done = cli("explain", "wt101")
    assert done.code == 0
    assert done.out.startswith("# WT101: Deadlock\n")
    assert "## Cure it" in done.out


def test_without_a_code_all_are_listed(cli) -> None:
    done = cli("explain")
    assert done.code == 0
    assert "WT101  Deadlock" in done.out
    assert "WT113  Sensor waits for runs that never come" in done.out


def test_an_unknown_code_is_told_with_those_that_there_are(cli) -> None:
    done = cli("explain", "WT999")
    assert done.code == 2
    assert "no finding has this code; there are: WT101" in " ".join(done.err.split())


def test_pages_as_json(cli) -> None:
    one = json.loads(cli("explain", "WT114", "--format", "json").out)
    assert (one["kind"], one["code"]) == ("code", "WT114")
    assert "paused" in one["meaning"]
    every = json.loads(cli("explain", "--format", "json").out)
    assert "WT114" in [each["code"] for each in every["codes"]]
