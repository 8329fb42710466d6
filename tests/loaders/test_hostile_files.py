"""Hostile files: whatever a file does while it is loaded costs that file only, and is said."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

GOOD = """
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("{}", schedule=None):
    EmptyOperator(task_id="t")
"""

HOSTILE = {
    "exits": ("import sys\nsys.exit(3)\n", "ends the program"),
    "exits_hard": ("import os\nos._exit(4)\n", "exit code 4"),
    "kills_itself": ("import os\nos.kill(os.getpid(), 9)\n", "SIGKILL"),
    "recurses": ("def f():\n    f()\nf()\n", "calls itself without end"),
    "sleeps": ("import time\ntime.sleep(3600)\n", "isn't loaded after 1 s"),
    "swallows_the_alarm": (
        "import time\nwhile True:\n    try:\n        time.sleep(9)\n"
        "    except BaseException:\n        pass\n",
        "isn't loaded after 1 s",
    ),
    "never_leaves_c": ("sum(iter(int, 1))\n", "isn't loaded after 1 s"),
    "raises_an_odd_exception": ("class Odd(BaseException): pass\nraise Odd('x')\n", "Odd: x"),
    "raises_keyboard_interrupt": ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
}
HARMLESS = {
    "deletes_modules": "import sys\nsys.modules.clear()\n",
    "forks": "import os\nif os.fork() == 0:\n    pass\nelse:\n    os.wait()\n",
    "forks_and_raises": "import os\nif os.fork() == 0:\n    raise ValueError\n"
    "else:\n    os.wait()\n",
    "leaves_a_thread": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(3600,)).start()\n",
    "leaves_a_child": "import subprocess\nsubprocess.Popen(['sleep', '3600'])\n",
    "closes_streams": "import os\nos.close(1)\nos.close(2)\n",
    "changes_signals": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
    "breaks_builtins": "import builtins\nbuiltins.len = None\n",
}


def test_each_hostile_file_gets_a_clear_line_and_the_others_load(repository):
    repository.write("a_good.py", GOOD.format("a"))
    repository.write("z_good.py", GOOD.format("z"))
    for name, (text, _) in HOSTILE.items():
        repository.write(f"{name}.py", "# airflow dag\n" + text)
    began = time.monotonic()
    fleet = repository.load(import_timeout_s=1).fleet
    assert time.monotonic() - began < 30
    assert [d.dag_id for d in fleet.dags] == ["a", "z"]
    said = {p.file: p.message for p in fleet.problems}
    assert said.keys() == {f"{name}.py" for name in HOSTILE}
    for name, (_, expected) in HOSTILE.items():
        assert expected in said[f"{name}.py"]


def test_what_a_file_does_to_its_process_does_not_cost_its_own_dag_nor_the_next(repository):
    for number, (name, text) in enumerate(HARMLESS.items()):
        repository.write(f"{number}_{name}.py", GOOD.format(name) + text)
    repository.write("z_good.py", GOOD.format("z"))
    fleet = repository.load(import_timeout_s=10, workers=1).fleet
    assert [str(p) for p in fleet.problems] == []
    assert [d.dag_id for d in fleet.dags] == [*HARMLESS, "z"]


def test_a_huge_file_is_told_and_not_read(repository):
    repository.write("good.py", GOOD.format("good"))
    with (repository.root / "huge.py").open("wb") as file:
        file.write(b"# airflow dag\n" + b"x = 1\n" * 9_000_000)
    began = time.monotonic()
    fleet = repository.load().fleet
    assert time.monotonic() - began < 5
    (problem,) = fleet.problems
    assert (problem.file, problem.cause) == ("huge.py", "unreadable")
    assert "51 MB" in problem.message


def test_a_file_that_is_a_broken_link_a_loop_or_a_folder_costs_nothing_else(repository):
    repository.write("good.py", GOOD.format("good"))
    (repository.root / "nowhere.py").symlink_to("not_there.py")
    (repository.root / "loop.py").symlink_to("loop.py")
    (repository.root / "round").symlink_to(".")
    (repository.root / "folder.py").mkdir()
    fleet = repository.load().fleet
    assert [d.dag_id for d in fleet.dags] == ["good"]
    assert {p.file for p in fleet.problems} == {"nowhere.py", "loop.py"}


def test_a_truncated_file_is_a_syntax_error_or_loads_what_is_left(repository):
    repository.write("whole.py", GOOD.format("whole"))
    text = GOOD.format("cut")
    for length in range(40, len(text), 9):
        repository.write(f"cut_{length}.py", f"# dag airflow\n{text[:length]}")
    fleet = repository.load().fleet
    assert "whole" in [d.dag_id for d in fleet.dags]
    assert {p.cause for p in fleet.problems} <= {"syntax", "import", "duplicate"}


def test_an_isolated_load_bounds_memory_and_says_so(repository):
    repository.write("good.py", GOOD.format("good"))
    repository.write("hungry.py", "# airflow dag\nx = bytearray(4 * 1024 ** 3)\n")
    fleet = repository.load(isolate=True, memory_limit_mb=1024).fleet
    assert [d.dag_id for d in fleet.dags] == ["good"]
    (problem,) = fleet.problems
    assert problem.file == "hungry.py"
    assert "memory" in problem.message


def test_isolated_and_forked_loads_give_the_same_fleet(repository):
    repository.write("helper.py", "NAME = 'from_helper'\n")
    repository.write("d.py", "from helper import NAME\n" + GOOD.format("x").replace('"x"', "NAME"))
    assert repository.load(isolate=True, cache=None).fleet == repository.load(cache=None).fleet


def test_the_number_of_processes_does_not_change_the_fleet(repository):
    repository.write("shared.py", "made = []\n")
    for number in range(30):
        repository.write(
            f"d{number:02}.py",
            f"import shared\nshared.made.append(1)\n{GOOD.format(f'd{number:02}')}"
            "    for n in range(len(shared.made)):\n        EmptyOperator(task_id=f'n{n}')\n",
        )
    one = repository.load(workers=1, cache=None).fleet
    assert [len(d.tasks) for d in one.dags] == [2] * 30
    assert repository.load(workers=4, cache=None).fleet == one


@pytest.mark.parametrize("isolate", [False, True])
def test_nothing_is_left_running_and_no_descriptor_open(repository, isolate):
    repository.write(
        "d.py", GOOD.format("d") + "import subprocess\nsubprocess.Popen(['sleep', '5'])"
    )
    before, children = set(os.listdir("/proc/self/fd")), _children()
    repository.load(isolate=isolate, cache=None)
    assert len(os.listdir("/proc/self/fd")) <= len(before)
    assert _children() == children


def _children() -> set[str]:
    """Processes of this one; other tests may have left some that wait for work."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            _, parent, *_ = stat.read_text().rpartition(")")[2].split()
            if int(parent) == os.getpid():
                found.add(stat.parent.name)
    return found
