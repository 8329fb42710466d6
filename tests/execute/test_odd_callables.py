"""Callables that do odd things: what Airflow makes of them, and never the end of the simulation."""

from __future__ import annotations

import pytest

from windtunnel.model import Isolation

BOTH = pytest.mark.parametrize("isolate", [None, Isolation(wall_s=30)], ids=["here", "apart"])

CALLABLES = """
import functools

def add(a, b=1, **context):
    return a + b + len(context["ds"])

class Loader:
    def __call__(self, ds):
        return "called " + ds

    def method(self, ti=None):
        return ti.task_id

    @classmethod
    def of_class(cls, run_id):
        return cls.__name__ + run_id[:6]

FORMS = {
    "partial": functools.partial(add, 5, b=2),
    "object": Loader(),
    "method": Loader().method,
    "of_class": Loader.of_class,
    "lambda": lambda *args, **context: "ds" in context,
    "builtin": functools.partial(len, [1, 2]),
}

with DAG("etl"):
    forms = [PythonOperator(task_id=name, python_callable=f) for name, f in FORMS.items()]
    forms >> PythonOperator(
        task_id="tell", python_callable=lambda ti: print(ti.xcom_pull(list(FORMS)))
    )
"""


@BOTH
def test_whatever_can_be_called_is(execute, isolate):
    flight = execute(CALLABLES, isolate=isolate)
    assert flight.printed == ["[17, 'called 2026-03-01', 'method', 'Loadermanual', True, 2]"]


ODD = """
class Odd:
    def __bool__(self):
        raise RuntimeError("neither true nor false")

class Base(BaseException):
    pass

def recurses(n=0):
    return recurses(n + 1)

def contains_itself():
    found = []
    found.append(found)
    return found

def raises_base():
    raise Base("all the way")

def interrupts():
    raise KeyboardInterrupt

def stops():
    raise StopIteration(5)

def several():
    raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

def unprintable():
    class E(Exception):
        def __str__(self):
            raise RuntimeError("no")
    raise E

def closes_output():
    print("closes")
    sys.stdout.close()
    os.close(1)

def clears_environment():
    os.environ.clear()

with DAG("etl"):
    for odd in (
        Odd, recurses, contains_itself, raises_base, interrupts, stops, several, unprintable
    ):
        PythonOperator(task_id=odd.__name__, python_callable=odd)
    for fine in (closes_output, clears_environment):
        PythonOperator(task_id=fine.__name__, python_callable=fine)
    PythonOperator(task_id="other", python_callable=lambda: print("fine"))
"""


@BOTH
def test_whatever_a_callable_raises_or_returns_costs_its_own_try_only(execute, isolate):
    flight = execute(ODD, isolate=isolate)
    fine = {"closes_output", "clears_environment", "other"}
    assert {ti.task_id for ti in flight.instances if ti.state == "success"} == fine
    assert {ti.state for ti in flight.instances} == {"success", "failed"}
    assert flight.printed == ["closes", "fine"]
    assert "contains itself" in flight.reasons("etl.contains_itself")[0]
    assert "ValueError: one" in flight.reasons("etl.several")[0]


@pytest.mark.parametrize(
    ("profile", "code", "state"),
    [
        ("airflow-2.11", 0, "success"),
        ("airflow-2.11", 1, "failed"),
        ("airflow-3.3", 0, "failed"),
    ],
)
def test_leaving_python_means_what_it_means_to_the_release(execute, profile, code, state):
    flight = execute(
        f"""
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: sys.exit({code}))
""",
        profile=profile,
    )
    assert flight.state("etl.t") == state


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("'nobody'", "returned 'nobody', and etl has no task or group of this id"),
        ("['go', None]", "must return ids of tasks, and returned None"),
        ("5", "must return ids of tasks, and returned 5"),
    ],
)
def test_a_branch_that_names_no_task_fails(execute, chosen, said):
    flight = execute(
        f"""
with DAG("etl"):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: {chosen})
    choose >> PythonOperator(task_id="go", python_callable=print)
"""
    )
    assert flight.state("etl.choose") == "failed"
    assert said in flight.reasons("etl.choose")[0]


@BOTH
def test_a_callable_that_does_not_want_to_end_ends_with_the_simulation(execute, isolate):
    flight = execute(
        """
def stays():
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass

with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=stays, execution_timeout=timedelta(seconds=5)
    )
""",
        until=3600,
        isolate=isolate,
    )
    assert flight.state("etl.t") == "running"


def test_very_much_output_is_kept_in_part(execute):
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: print("x" * 3_000_000))
"""
    )
    (output,) = flight.trace.output
    assert len(output.text) < 1_100_000
    assert output.text.endswith("x\n... and 2,000,001 bytes more\n")


LOCK = """
lock = threading.Lock()

def holds():
    with lock:
        time.sleep(100)

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=holds)
    PythonOperator(task_id="b", python_callable=holds)
"""


def test_a_lock_of_the_module_is_each_trys_own_if_isolated(execute):
    flight = execute(LOCK, isolate=Isolation())
    assert [flight.span(f"etl.{name}") for name in "ab"] == [(0, 100), (0, 100)]


def test_a_callable_that_works_for_long_is_told_of(execute, monkeypatch, capfd):
    monkeypatch.setattr("windtunnel.execute.strands.LONG_S", 0.05)
    flight = execute(
        """
def works():
    begun = os.times().elapsed
    while os.times().elapsed < begun + 0.3:
        pass

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=works)
"""
    )
    assert flight.state("etl.t") == "success"
    assert "windtunnel: etl.t works for a minute of real time now" in capfd.readouterr().err
