"""Kept answers: what was interrupted goes on from there, and what is finished leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from windtunnel.sweep import HERE, Backend, Kept, keeping, kept, sweep

TWO = Backend("processes", 2)
ITEMS = list(range(40))


def work(name: str) -> Callable[[Any, Any], Any]:
    found: Callable[[Any, Any], Any] = getattr(import_module("sweep_work"), name)
    return found


def files(folder: Path) -> list[Path]:
    return sorted((folder / "sweeps").glob("*"))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "AFTER_S", 0.0)


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    shared = (str(tmp_path / "lines"), 25)
    with pytest.raises(KeyboardInterrupt), keeping(tmp_path / "store") as first:
        list(sweep(work("interrupted"), shared, ITEMS, kept=first))
    assert len(files(tmp_path / "store")) == 1

    with keeping(tmp_path / "store") as second:
        answers = list(sweep(work("interrupted"), shared, ITEMS, kept=second))
        assert second.taken == 25
    assert answers == [n * 10 for n in ITEMS]
    lines = (tmp_path / "lines").read_text().split()
    assert sorted(map(int, lines)) == sorted([*ITEMS, 25])
    assert files(tmp_path / "store") == []


@pytest.mark.parametrize("on", [HERE, TWO], ids=str)
def test_a_killed_sweep_goes_on_on_any_backend(tmp_path: Path, on: Backend) -> None:
    store, lines = tmp_path / "store", tmp_path / "lines"
    code = (
        "import sweep_work, sys; from windtunnel.sweep import *\n"
        "from windtunnel.sweep import kept; kept.AFTER_S = 0.0\n"
        "from pathlib import Path\n"
        "with keeping(Path(sys.argv[1])) as k:\n"
        "    for n in sweep(sweep_work.slow, 0.02, list(range(500)), kept=k): print(n, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if int(line) == 9:
                running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert len(files(store)) == 1
    with keeping(store) as again:
        assert list(sweep(work("slow"), 0.02, list(range(15)), on=on, kept=again)) == [*range(15)]
        assert again.taken >= 10
    assert not lines.exists()


def test_a_torn_line_is_worked_on_again(tmp_path: Path, at_once: None) -> None:
    shared = str(tmp_path / "lines")
    before = Kept(tmp_path)
    list(sweep(work("counted"), shared, ITEMS, kept=before))
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-7])

    after = Kept(tmp_path)
    assert list(sweep(work("counted"), shared, [*ITEMS, 40], kept=after))[-2:] == [390, 400]
    assert after.taken == len(ITEMS) - 1
    last = Kept(tmp_path)
    list(sweep(work("counted"), shared, [*ITEMS, 40], kept=last))
    assert last.taken == len(ITEMS) + 1


def test_what_is_kept_can_be_read_by_anybody(tmp_path: Path, at_once: None) -> None:
    list(sweep(work("as_tuple"), 1, [2, 3], kept=Kept(tmp_path)))
    (file,) = tmp_path.glob("*.jsonl")
    head, *lines = [json.loads(line) for line in file.read_text().split("\n") if line]
    assert head["format"] == "windtunnel.sweep/1"
    assert [line["answer"] for line in lines] == [[2, {"sums": [3]}], [3, {"sums": [4]}]]


def test_answers_of_other_work_content_or_code_are_not_taken(
    tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(sweep(work("plus"), 1, ITEMS, kept=Kept(tmp_path)))

    def taken(name: str, shared: object) -> int:
        after = Kept(tmp_path, after_s=1000)
        list(sweep(work(name), shared, ITEMS, kept=after))
        return after.taken

    assert taken("plus", 1) == len(ITEMS)
    assert taken("plus", 2) == taken("refuse", 1000) == 0
    monkeypatch.setattr(kept, "release", lambda: "windtunnel of tomorrow")
    assert taken("plus", 1) == 0


def test_short_sweeps_write_nothing(tmp_path: Path) -> None:
    with keeping(tmp_path) as here:
        list(sweep(work("plus"), 1, ITEMS, kept=here))
        assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_the_sweep_goes_on(tmp_path: Path, at_once: None) -> None:
    (tmp_path / "sweeps").write_text("a file in the place of the folder")
    with keeping(tmp_path) as here:
        assert list(sweep(work("plus"), 1, [1, 2], kept=here)) == [2, 3]
        assert here.not_kept.endswith("File exists") or "Not a directory" in here.not_kept


def test_what_nobody_went_on_with_is_removed_after_a_month(tmp_path: Path, at_once: None) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    for file in (old, new):
        file.write_text("{}\n")
    os.utime(old, (0, 0))
    list(sweep(work("plus"), 1, [1], kept=Kept(tmp_path)))
    assert not old.exists()
    assert new.exists()


def test_ctrl_c_ends_the_processes_and_keeps_what_they_did(tmp_path: Path) -> None:
    code = (
        "import signal, sweep_work, sys; from windtunnel.sweep import *\n"
        "from pathlib import Path\n"
        # What a shell runs in the background doesn't hear it otherwise.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    with keeping(Path(sys.argv[1])) as k:\n"
        "        on = read_backend('processes=2')\n"
        "        for n in sweep(sweep_work.slow, 0.02, list(range(2000)), on=on, kept=k):\n"
        "            print(n, flush=True)\n"
        "except KeyboardInterrupt: print('kept')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stderr is not None
        said = []
        for line in running.stdout:
            said.append(line.strip())
            if line == "20\n":
                os.killpg(running.pid, signal.SIGINT)  # as a terminal does it
        assert said[-1] == "kept"
        assert running.stderr.read() == ""
    until = monotonic() + 5
    while _alive(running.pid) and monotonic() < until:
        sleep(0.05)
    assert not _alive(running.pid)
    assert len(files(tmp_path)) == 1


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
