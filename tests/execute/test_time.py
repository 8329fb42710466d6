"""Real callables beside each other: turns at their sleeps, timeouts, and nothing that leaks."""

from __future__ import annotations

import os
import threading

import pytest

from windtunnel.execute.strands import Strand, StrandEnded


def test_callables_that_overlap_take_turns_at_their_sleeps(execute):
    flight = execute(
        """
def steps(name, length):
    for _ in range(3):
        print(name, datetime.now().strftime("%M:%S"))
        time.sleep(length)

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=steps, op_args=["a", 10])
    PythonOperator(task_id="b", python_callable=steps, op_args=["b", 15])
"""
    )
    assert flight.printed == [
        "a 00:00",
        "b 00:00",
        "a 00:10",
        "b 00:15",
        "a 00:20",
        "b 00:30",
    ]
    assert [flight.span(f"etl.{name}") for name in "ab"] == [(0, 30), (0, 45)]


def test_one_callable_can_wait_for_what_another_one_does(execute):
    flight = execute(
        """
done = []

def producer():
    time.sleep(95)
    done.append(1)

def consumer():
    while not done:
        time.sleep(10)

with DAG("etl"):
    PythonOperator(task_id="c", python_callable=consumer)
    PythonOperator(task_id="p", python_callable=producer)
"""
    )
    assert flight.span("etl.c") == (0, 100)


def test_execution_timeout_cuts_a_callable_at_its_sleep(execute):
    flight = execute(
        """
def load():
    try:
        time.sleep(600)
        print("never")
    finally:
        print("cleaned up at", datetime.now().strftime("%M:%S"))

with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=load, execution_timeout=timedelta(seconds=60)
    )
"""
    )
    assert flight.printed == ["cleaned up at 01:00"]
    assert flight.times("etl.t", "failed") == [60]
    assert "AirflowTaskTimeout" in flight.reasons("etl.t")[0]


def test_the_timeout_counts_over_all_sleeps_of_a_try(execute):
    flight = execute(
        """
def load():
    for number in range(100):
        print(number)
        time.sleep(25)

with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=load, execution_timeout=timedelta(seconds=60)
    )
"""
    )
    assert flight.printed == ["0", "1", "2"]
    assert flight.times("etl.t", "failed") == [60]


@pytest.mark.parametrize(
    ("poke", "pokes"),
    [("lambda: print('poke')", 2), ("lambda: [print('poke'), time.sleep(70)]", 1)],
)
def test_execution_timeout_cuts_a_sensor_in_a_poke_and_between_two(execute, poke, pokes):
    flight = execute(
        f"""
with DAG("etl"):
    PythonSensor(
        task_id="t", python_callable={poke}, execution_timeout=timedelta(seconds=65),
        poke_interval=60,
    )
"""
    )
    assert flight.printed == ["poke"] * pokes
    assert flight.times("etl.t", "failed") == [65]


def test_a_callable_that_survives_its_timeout_goes_on(execute):
    flight = execute(
        """
def load():
    try:
        time.sleep(600)
    except BaseException:
        time.sleep(100)
    return "saved"

with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=load, execution_timeout=timedelta(seconds=60)
    )
"""
    )
    assert flight.span("etl.t") == (0, 160)
    assert flight.state("etl.t") == "success"


def test_a_callable_whose_run_times_out_is_ended_where_it_sleeps(execute):
    flight = execute(
        """
def load():
    try:
        time.sleep(600)
        print("never")
    finally:
        print("ended")

with DAG("etl", dagrun_timeout=timedelta(seconds=90)):
    PythonOperator(task_id="t", python_callable=load)
"""
    )
    assert flight.run_states("etl") == ["failed"]
    assert "never" not in flight.printed


def test_nothing_of_a_callable_that_still_sleeps_at_the_end_stays_behind(execute):
    before = threading.active_count()
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: time.sleep(10_000))
""",
        until=60,
    )
    assert flight.state("etl.t") == "running"
    assert threading.active_count() == before


def test_asyncio_sleeps_and_timeouts_are_simulated(execute):
    flight = execute(
        """
async def both():
    await asyncio.gather(asyncio.sleep(30), asyncio.sleep(20))
    try:
        await asyncio.wait_for(asyncio.Event().wait(), timeout=5)
    except TimeoutError:
        return await asyncio.to_thread(lambda: "from a thread")

def run():
    print(asyncio.run(both()), datetime.now().strftime("%M:%S"))

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=run)
"""
    )
    assert flight.printed == ["from a thread 00:35"]
    assert round(flight.span("etl.t")[1], 3) == 35


def test_threads_of_a_callable_sleep_beside_each_other(execute):
    flight = execute(
        """
def run():
    threads = [threading.Thread(target=time.sleep, args=(s,)) for s in (20, 30)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    again = threading.Thread(target=time.sleep, args=(12,))
    again.start()
    again.join()
    print(datetime.now().strftime("%M:%S"))
    time.sleep(10)

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=run)
"""
    )
    assert flight.printed == ["00:42"]
    assert flight.span("etl.t") == (0, 52)


def test_work_that_is_spread_over_a_pool_takes_as_long_as_it_would(execute):
    flight = execute(
        """
from concurrent.futures import ThreadPoolExecutor

def load(n):
    time.sleep(n)
    return n, datetime.now().strftime("%M:%S")

def run():
    with ThreadPoolExecutor(2) as pool:
        print(list(pool.map(load, [10, 30, 10, 10])))
        future = pool.submit(load, 5)
        print(future.result())
    print(datetime.now().strftime("%M:%S"))

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=run)
"""
    )
    assert flight.printed == [
        "[(10, '00:10'), (30, '00:30'), (10, '00:20'), (10, '00:30')]",
        "(5, '00:35')",
        "00:35",
    ]
    assert flight.span("etl.t") == (0, 35)


def test_a_thread_that_beats_beside_a_callable_does_not_run_ahead_of_it(execute):
    flight = execute(
        """
beats = []

def beat():
    while True:
        beats.append(datetime.now())
        time.sleep(10)

def run():
    threading.Thread(target=beat, daemon=True).start()
    for _ in range(4):
        time.sleep(15)
    print(datetime.now().strftime("%M:%S"))

def other():
    for _ in range(4):
        time.sleep(12)
        print("other", datetime.now().strftime("%M:%S"))

with DAG("etl"):
    [
        PythonOperator(task_id="a", python_callable=run),
        PythonOperator(task_id="b", python_callable=other),
    ] >> PythonOperator(
        task_id="c", python_callable=lambda: print(len(beats) < 8, max(beats).second < 59)
    )
"""
    )
    assert flight.printed == [
        "other 00:12",
        "other 00:24",
        "other 00:36",
        "other 00:48",
        "01:00",
        "True True",
    ]
    assert flight.span("etl.a") == (0, 60)


def test_pendulum_installed_or_not_knows_the_simulated_now(execute):
    flight = execute(
        """
def run():
    time.sleep(60)
    print(pendulum.now("UTC").isoformat(), pendulum.today("UTC").isoformat())

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=run)
"""
    )
    assert flight.printed == ["2026-03-01T00:01:00+00:00 2026-03-01T00:00:00+00:00"]


def test_monotonic_clocks_agree_with_the_calendar(execute):
    flight = execute(
        """
def run():
    clocks = time.time, time.monotonic, time.perf_counter
    before = [clock() for clock in clocks]
    time.sleep(40)
    print([round(clock() - then, 3) for clock, then in zip(clocks, before)])

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=run)
"""
    )
    assert flight.printed == ["[40.0, 40.0, 40.0]"]


def test_environment_and_folder_of_a_task_are_its_own_also_while_it_sleeps(execute):
    folder = os.getcwd()
    flight = execute(
        """
def leak(name):
    os.environ["LEAK"] = name
    os.chdir("/")
    time.sleep(10)
    print(name, os.environ["LEAK"], os.getcwd())

def look():
    print("look", os.environ.get("LEAK"), os.getcwd() == "/")

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=leak, op_args=["a"], priority_weight=3)
    PythonOperator(task_id="b", python_callable=leak, op_args=["b"], priority_weight=2)
    PythonOperator(task_id="c", python_callable=look)
"""
    )
    assert flight.printed == ["look None False", "a a /", "b b /"]
    assert "LEAK" not in os.environ
    assert os.getcwd() == folder


def test_output_of_a_callable_and_its_subprocesses_is_kept_with_who_wrote_it(execute, capfd):
    flight = execute(
        """
import subprocess, sys

def talk(ti):
    print("before")
    os.system("echo from the shell")
    subprocess.run(["echo", "from a child"])
    print("to stderr", file=sys.stderr)
    if ti.try_number == 1:
        raise ValueError("again")

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=talk, retries=1)
"""
    )
    text = "before\nfrom the shell\nfrom a child\nto stderr\n"
    outputs = flight.trace.output
    assert [(o.dag_id, o.task_id, o.try_number, o.text) for o in outputs] == [
        ("etl", "t", 1, text),
        ("etl", "t", 2, text),
    ]
    assert [(o.name, o.at_us) for o in outputs] == [("etl.t", 0), ("etl.t", 300_000_001)]
    assert capfd.readouterr() == ("", "")


def test_what_a_task_logs_is_output_too(execute):
    flight = execute(
        """
import logging

def talk(ti):
    logging.getLogger(__name__).info("loaded %s rows", 3)
    ti.log.warning("slow")
    logging.debug("never")

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=talk)
"""
    )
    assert flight.printed == ["INFO - loaded 3 rows", "WARNING - slow"]


def test_a_traceback_shows_the_frames_of_the_dag_file_only(execute):
    flight = execute(
        """
def load():
    time.sleep("soon")

def push(ti):
    ti.xcom_push("k", object())

with DAG("etl"):
    PythonOperator(task_id="sleep", python_callable=load)
    PythonOperator(task_id="push", python_callable=push)
    PythonOperator(task_id="template", python_callable=print, op_args=["{{ nobody }}"])
"""
    )
    for name in ("sleep", "push", "template"):
        (reason,) = flight.reasons(f"etl.{name}")
        assert "windtunnel/execute" not in reason
        assert "jinja2/" not in reason
    assert "'nobody' is undefined" in flight.reasons("etl.template")[0]


def test_a_strand_that_is_given_up_cannot_sleep_again():
    seen = []

    def work():
        while len(seen) < 3:
            try:
                strand.sleep(1)
            except StrandEnded:
                seen.append("ended")

    strand = Strand(work)
    strand.resume()
    assert strand.asleep_us == 1
    strand.give_up()
    assert seen == ["ended"] * 3
    assert strand.asleep_us is None
