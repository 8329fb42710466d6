"""The store of counterexamples: ids made from content, files that can be trusted or are refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from windtunnel.detect import Limit
from windtunnel.errors import InvalidInput
from windtunnel.search import Counterexample, explore, identify, keep, recall

PROGRAM = """
import sys
from windtunnel.search import Counterexample, identify
kept = Counterexample.model_validate_json(sys.stdin.read())
print(identify(kept.scenario, kept.finding))
"""


@pytest.fixture
def kept(tmp_path, by_tie):
    """A counterexample and the folder in which it is stored."""
    finding, scenario = explore(by_tie, 8).found[0]
    name = identify(scenario, finding)
    finding = finding.model_copy(update={"counterexample": name})
    counterexample = Counterexample(finding=finding, scenario=scenario)
    keep(tmp_path / "store", counterexample)
    return counterexample, name, tmp_path / "store"


def test_what_is_kept_is_recalled_unchanged(kept):
    counterexample, name, store = kept
    assert recall(store, name) == counterexample


def test_the_store_ignores_itself_in_git_and_leaves_no_partial_files(kept):
    _, name, store = kept
    assert {path.name for path in store.iterdir()} == {f"{name}.json", ".gitignore"}
    assert (store / ".gitignore").read_text() == "*\n"


def test_keeping_the_same_again_changes_nothing(kept):
    counterexample, name, store = kept
    before = (store / f"{name}.json").read_bytes()
    keep(store, counterexample)
    assert (store / f"{name}.json").read_bytes() == before


def test_an_id_is_short_and_made_of_letters_that_are_told_apart(kept):
    _, name, _ = kept
    assert name.startswith("wt1-")
    assert len(name) == 12
    assert not set(name[4:]) & set("0OIl")


def test_an_id_is_the_same_in_every_process(kept):
    counterexample, name, _ = kept
    other = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=counterexample.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == name


def test_an_id_depends_on_the_scenario_and_on_what_it_shows(kept, by_tie):
    counterexample, _, _ = kept
    finding = counterexample.finding
    other = finding.model_copy(update={"limits": (Limit(kind="pool", subject="db"),)})
    ids = {
        identify(by_tie, finding),
        identify(by_tie, other),
        identify(by_tie, finding.model_copy(update={"code": "WT110"})),
        identify(by_tie.model_copy(update={"seed": 1}), finding),
        identify(by_tie.model_copy(update={"choices": ()}), finding),
    }
    assert len(ids) == 5


def test_an_id_does_not_depend_on_words_nor_on_the_window_s_later_findings(kept, by_tie):
    finding = kept[0].finding
    reworded = finding.model_copy(update={"summary": "Said otherwise.", "fixes": ()})
    assert identify(by_tie, reworded) == identify(by_tie, finding)


def test_two_deadlocks_of_one_simulation_are_kept_beside_each_other(two_pools, tmp_path):
    found = explore(two_pools, 0).found
    names = {identify(scenario, finding) for finding, scenario in found}
    assert len(found) == len(names) == 2
    for finding, scenario in found:
        named = finding.model_copy(update={"counterexample": identify(scenario, finding)})
        keep(tmp_path, Counterexample(finding=named, scenario=scenario))
    assert {recall(tmp_path, name).finding.identity for name in names} == {
        ("WT101", "pool team one"),
        ("WT101", "pool team two"),
    }


def test_an_id_that_is_not_there_lists_those_that_are(kept):
    _, name, store = kept
    with pytest.raises(InvalidInput, match=f"no such counterexample in .*{name}"):
        recall(store, "wt1-abcdefgh")


def test_an_empty_or_missing_store_says_so(tmp_path):
    with pytest.raises(InvalidInput, match=r"stored there: none\).*`windtunnel check`"):
        recall(tmp_path / "nowhere", "wt1-abcdefgh")


@pytest.mark.parametrize("name", ["../secret", "wt1-../../x", "", "wt2-abc", "/etc/passwd"])
def test_an_id_is_never_a_path(kept, name):
    _, _, store = kept
    (store.parent / "secret.json").write_text("{}")
    with pytest.raises(InvalidInput, match="no such counterexample"):
        recall(store, name)


def test_broken_json_is_told_with_the_file_and_what_to_do(kept):
    _, name, store = kept
    (store / f"{name}.json").write_text('{"format": "windt')
    with pytest.raises(InvalidInput, match=rf"{name}\.json: not a counterexample .*check` again"):
        recall(store, name)


def test_a_file_of_a_newer_format_is_refused(kept):
    _, name, store = kept
    values = json.loads((store / f"{name}.json").read_text())
    values["format"] = "windtunnel.counterexample/3"
    (store / f"{name}.json").write_text(json.dumps(values))
    with pytest.raises(InvalidInput, match=r"counterexample/2.*check` again"):
        recall(store, name)


def test_a_file_that_is_no_text_is_refused(kept):
    _, name, store = kept
    (store / f"{name}.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not a counterexample"):
        recall(store, name)


def test_a_store_that_cannot_be_written_is_told(kept, tmp_path):
    counterexample, _, _ = kept
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match=r"can't be stored here .*--store"):
        keep(tmp_path / "file" / "store", counterexample)
