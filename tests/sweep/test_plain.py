"""Content as text: whatever a scenario holds, the same in each process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import windtunnel_scenarios
from windtunnel.sweep.plain import digest, short_of, text_of

CODE = """
import sys
from windtunnel.sweep.plain import digest
from windtunnel.target import Asked, look, read_found
asked = Asked(None, None, None)
for name in sys.argv[1:]:
    print(digest(read_found(look(name, asked, None), asked).scenario))
"""
SHIPPED = sorted(
    one.parent.name for one in Path(windtunnel_scenarios.__file__).parent.glob("*/scenario.toml")
)


def test_each_scenario_has_a_digest_of_its_own_in_any_order_of_sets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        command = [sys.executable, "-c", CODE, *SHIPPED]
        said.add(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    (digests,) = said
    assert len(set(digests.split())) == len(SHIPPED) > 20


def test_sets_and_mappings_are_in_order() -> None:
    assert text_of({"b": {3, 1}, "a": (1, None)}) == '{"a":[1,null],"b":[1,3]}'
    assert digest({2: "x", 1: "y"}) == digest({1: "y", 2: "x"}) != digest({1: "x", 2: "y"})


def test_what_is_not_plain_has_no_digest_and_is_named_all_the_same() -> None:
    with pytest.raises(TypeError, match="object is not plain"):
        digest([object()])
    assert short_of([object()]).startswith("[<object object")
    assert len(short_of("x" * 1000)) <= 160
