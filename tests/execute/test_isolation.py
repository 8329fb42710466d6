"""Callables in processes of their own: the same results, and what they do costs one try."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.loaders import Loaded
from windtunnel.model import Isolation

LIMITS = Isolation(wall_s=30)

FLEET = """
import random
from airflow.sdk import get_current_context

class Later(BaseSensorOperator):
    def poke(self, context):
        print("poke", datetime.now().strftime("%M:%S"), context["ti"].try_number)
        return datetime.now() >= datetime(2026, 3, 1, 0, 2)

def beside(name, length):
    for _ in range(3):
        print(name, datetime.now().strftime("%M:%S"), round(random.random(), 6))
        time.sleep(length)
    return {"name": name, "at": datetime.now(), "pair": (1, 2)}

async def waits():
    await asyncio.gather(asyncio.sleep(30), asyncio.sleep(20))
    return await asyncio.to_thread(lambda: "from a thread")

def threads():
    begun = time.monotonic()
    started = [threading.Thread(target=time.sleep, args=(s,)) for s in (20, 35)]
    [t.start() for t in started]
    [t.join() for t in started]
    print("threads", round(time.monotonic() - begun, 3))

def flaky(ti, dag_run, params, prev_start_date_success, task_state_store, **context):
    ti.xcom_push("try", ti.try_number)
    Variable.set("seen", str(int(Variable.get("seen", default="0")) + 1))
    task_state_store.set("tries", [*task_state_store.get("tries", []), ti.try_number])
    print(task_state_store.get("tries"), params, dag_run.state, prev_start_date_success)
    time.sleep(5)
    print("seen", Variable.get("seen"), get_current_context()["ti"].state)
    if ti.try_number < 3:
        raise ValueError("not yet")

def told(ti, dag_run):
    print(ti.xcom_pull(["a", "b"]), ti.xcom_pull("flaky", key="try"))
    print([(t.task_id, t.state) for t in dag_run.get_task_instances()])
    os.system("echo from the shell")
    os.environ["LEAK"] = "1"

@dag(params={"n": 1}, schedule="@hourly", start_date=datetime(2026, 3, 1), catchup=True)
def etl():
    a = PythonOperator(task_id="a", python_callable=beside, op_args=["a", 10])
    b = PythonOperator(task_id="b", python_callable=beside, op_args=["{{ ti.task_id }}", 15])
    again = PythonOperator(
        task_id="flaky", python_callable=flaky, retries=3, retry_delay=timedelta(seconds=10)
    )
    cut = PythonOperator(
        task_id="cut", python_callable=beside, op_args=["cut", 100],
        execution_timeout=timedelta(seconds=60),
    )
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "go")
    stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: [])

    @task
    def items():
        return ["x", "y"]

    @task
    def each(item, ti=None):
        print(item, ti.map_index)
        return item

    @task
    def total(values):
        print(list(values))

    total(each.expand(item=items()))
    Later(task_id="poked", poke_interval=50)
    Later(task_id="rescheduled", poke_interval=50, mode="reschedule")
    task(task_id="threads")(threads)()
    task(task_id="waits")(lambda: asyncio.run(waits()))()
    task(task_id="refused")(lambda: object())()
    task(task_id="leaves")(lambda: sys.exit(2))()
    [a, b, again] >> PythonOperator(task_id="told", python_callable=told)
    choose >> [EmptyOperator(task_id="go"), EmptyOperator(task_id="not")]
    stop >> EmptyOperator(task_id="stopped")
    TriggerDagRunOperator(task_id="call", trigger_dag_id="child", conf={"day": "{{ ds }}"})

etl()

with DAG("child"):
    PythonOperator(task_id="t", python_callable=lambda dag_run: print(dag_run.conf))
"""


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
def test_isolated_or_not_a_fleet_leaves_the_same_trace_and_the_same_xcoms(execute, profile):
    text = "from airflow.providers.standard.operators.empty import EmptyOperator\n" + FLEET
    if profile == "airflow-2.11":
        text = text.replace(", task_state_store, **context", ", **context")
        text = "\n".join(line for line in text.splitlines() if "task_state_store" not in line)
    flights = [
        execute(text, isolate=isolate, until=3 * 3600, runs=[], profile=profile)
        for isolate in (None, LIMITS)
    ]
    here, apart = flights
    assert apart.trace.output == here.trace.output
    assert list(apart.trace.events()) == list(here.trace.events())
    assert apart.trace.not_carried == here.trace.not_carried
    assert apart.xcoms == here.xcoms
    assert len(here.trace.output) > 30
    assert len(here.xcoms) > 10


HOSTILE = """
import os, signal

def ends():
    print("before")
    os._exit(3)

def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)

def crashes():
    import ctypes
    ctypes.string_at(0)

def hangs():
    while True:
        pass

def leaks():
    kept = []
    while True:
        kept.append(bytearray(10**6))

with DAG("etl"):
    for bad in (ends, is_killed, crashes, hangs, leaks):
        PythonOperator(task_id=bad.__name__, python_callable=bad) >> PythonOperator(
            task_id="after_" + bad.__name__, python_callable=print, trigger_rule="all_failed"
        )
"""


def test_what_a_callable_does_to_its_process_costs_that_try_only(execute):
    flight = execute(HOSTILE, isolate=Isolation(memory_mb=128, wall_s=1))
    for name, why in {
        "ends": "its process ended with exit code 3",
        "is_killed": "its process was killed by signal 9 (SIGKILL)",
        "crashes": "its process was killed by signal 11 (SIGSEGV)",
        "hangs": "no answer for 1 s of wall time",
        "leaks": "more than 128 MB",
    }.items():
        assert flight.state(f"etl.{name}") == "failed"
        assert why in flight.reasons(f"etl.{name}")[-1]
        assert flight.state(f"etl.after_{name}") == "success"
    assert flight.printed[0] == "before"


def test_a_sleeping_callable_does_not_die_with_another_one(execute):
    flight = execute(
        """
def waits():
    time.sleep(100)
    print("awake")

def ends():
    time.sleep(50)
    os._exit(1)

with DAG("etl"):
    PythonOperator(task_id="waits", python_callable=waits)
    PythonOperator(task_id="ends", python_callable=ends)
""",
        isolate=LIMITS,
    )
    assert flight.printed == ["awake"]
    assert flight.times("etl.ends", "failed") == [50]
    assert flight.span("etl.waits") == (0, 100)


def test_a_try_that_kills_the_process_that_all_come_from_does_not_end_the_simulation(execute):
    flight = execute(
        """
import signal

def kills():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1)

with DAG("etl"):
    PythonOperator(task_id="kills", python_callable=kills) >> PythonOperator(
        task_id="after", python_callable=lambda: print("after"), trigger_rule="all_done"
    )
""",
        isolate=LIMITS,
    )
    assert flight.span("etl.kills") == (0, 1)
    assert flight.printed == ["after"]


def test_output_without_end_costs_the_try(execute, monkeypatch):
    monkeypatch.setattr("windtunnel.execute.apart.apart.MOST_WRITTEN_MB", 1)
    flight = execute(
        """
def talks():
    while True:
        print("x" * 100_000)

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=talks)
""",
        isolate=LIMITS,
    )
    assert flight.reasons("etl.t") == ["more than 1 MB of output"]
    (output,) = flight.trace.output
    assert len(output.text) < 1_100_000
    assert output.text.endswith(" bytes more\n")


def test_what_a_try_started_ends_with_it(execute, tmp_path):
    note = tmp_path / "pid"
    flight = execute(
        f"""
import subprocess

def starts():
    child = subprocess.Popen(["sleep", "1000"])
    open({str(note)!r}, "w").write(str(child.pid))

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=starts)
""",
        isolate=LIMITS,
    )
    assert flight.state("etl.t") == "success"
    assert is_gone(int(note.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans are nobody's")
def test_what_hides_from_its_try_ends_too(execute, tmp_path):
    note = tmp_path / "pid"
    flight = execute(
        f"""
import subprocess

def hides():
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen(["sh", "-c", "echo $$ > {note}; exec sleep 1000"], start_new_session=True)
        os._exit(0)
    while not os.path.exists({str(note)!r}) or not open({str(note)!r}).read():
        pass

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=hides)
""",
        isolate=LIMITS,
    )
    assert flight.state("etl.t") == "success"
    assert is_gone(int(note.read_text()))


def test_processes_that_a_callable_starts_sleep_in_no_time(execute):
    text = """
import multiprocessing

def nap(queue):
    time.sleep(1000)
    queue.put("slept")

def starts():
    forks = multiprocessing.get_context("fork")
    queue = forks.Queue()
    process = forks.Process(target=nap, args=(queue,))
    process.start()
    print(queue.get())
    process.join()

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=starts)
"""
    for isolate in (None, LIMITS):
        flight = execute(text, isolate=isolate)
        assert flight.printed == ["slept"]
        assert flight.state("etl.t") == "success"


SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, if tests run in the background
import windtunnel as wt
from windtunnel import loaders
loaded = loaders.load(sys.argv[1], airflow="stand-in")
wt.simulate(loaded.fleet, execute=loaded, isolate=wt.Isolation(wall_s=60))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_behind_when_the_simulation_is_ended(tmp_path, number):
    note = tmp_path / "pids"
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(
        f"""
import os, time
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

def write():
    with open({str(note)!r}, "a") as file:
        file.write(f"{{os.getpid()}} {{os.getppid()}} ")

def sleeps():
    write()
    time.sleep(1000)

def hangs():
    write()
    while True:
        pass

with DAG("etl"):
    PythonOperator(task_id="sleeps", python_callable=sleeps, priority_weight=2)
    PythonOperator(task_id="hangs", python_callable=hangs)
"""
    )
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "dags")],
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
    )
    try:
        deadline = time.monotonic() + 60
        while len(pids := note.read_text().split() if note.exists() else []) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        process.wait(30)
    finally:
        process.kill()
    assert [pid for pid in pids if not is_gone(int(pid))] == []
    assert list((tmp_path / "tmp").glob("windtunnel-*")) == []


def is_gone(pid: int) -> bool:
    """Whether a process has ended, or does so in a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.05)
    return False


def test_callables_that_were_given_as_they_are_cannot_be_isolated():
    fleet = wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=(wt.Task(task_id="t"),)),))
    with pytest.raises(InvalidInput, match="loaded"):
        wt.simulate(fleet, execute=Loaded(fleet), isolate=True)
    with pytest.raises(InvalidInput, match="execute"):
        wt.simulate(fleet, isolate=True)


def test_a_file_that_ends_its_process_when_it_is_loaded_again_is_told(execute, tmp_path):
    mark = tmp_path / "loaded"
    with pytest.raises(InvalidInput, match=r"loads the DAG files .* ended with exit code 7"):
        execute(
            f"""
if os.path.exists({str(mark)!r}):
    os._exit(7)
open({str(mark)!r}, "w").close()

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=print)
""",
            isolate=LIMITS,
        )


def test_a_file_that_never_loads_again_is_not_waited_for(execute, tmp_path, monkeypatch):
    monkeypatch.setattr("windtunnel.execute.apart.apart.START_S", -29.5)
    mark = tmp_path / "loaded"
    with pytest.raises(InvalidInput, match="was killed by signal 9"):
        execute(
            f"""
import signal

if os.path.exists({str(mark)!r}):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        pass
open({str(mark)!r}, "w").close()

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=print)
""",
            isolate=LIMITS,
        )
