"""Bad input: each mistake costs what it is in and nothing else, and its message says what to do."""

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import load

GOOD = """
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("good", schedule=None):
    EmptyOperator(task_id="t")
"""


def problem_beside_a_good_dag(repository, text):
    """The one problem of a file that lies beside a good one, which must still load."""
    repository.write("z_good.py", GOOD)
    fleet = repository.load(text).fleet
    assert [d.dag_id for d in fleet.dags] == ["good"]
    (problem,) = fleet.problems
    assert problem.file == "dags.py"
    return problem


def test_a_syntax_error_is_reported_with_its_line(repository):
    problem = problem_beside_a_good_dag(repository, "# airflow dag\nx = 1\ndef broken(:\n")
    assert (problem.cause, problem.line) == ("syntax", 3)


def test_an_exception_on_import_is_reported_with_the_line_of_the_dag_file(repository):
    repository.write("helper.py", "def fail():\n    raise ValueError('no bucket')\n")
    problem = problem_beside_a_good_dag(
        repository, "# airflow dag\nfrom helper import fail\n\nfail()\n"
    )
    assert (problem.cause, problem.line) == ("import", 4)
    assert "ValueError: no bucket" in problem.message


def test_a_file_that_ends_the_program_does_not_end_the_load(repository):
    problem = problem_beside_a_good_dag(repository, "# airflow dag\nraise SystemExit(3)\n")
    assert "ends the program" in problem.message
    assert "3" in problem.message


def test_a_cycle_drops_its_dag_and_not_the_others_of_the_file(repository):
    fleet = repository.load(
        GOOD
        + """
with DAG("round", schedule=None) as round_:
    a, b, c = [EmptyOperator(task_id=x) for x in "abc"]
    c >> a >> b >> c
"""
    ).fleet
    assert [d.dag_id for d in fleet.dags] == ["good"]
    (problem,) = fleet.problems
    assert (problem.cause, problem.dag_id, problem.line) == ("cycle", "round", 8)
    assert "a >> b >> c >> a" in problem.message


def test_a_duplicate_dag_id_names_both_files_and_the_first_is_used(repository):
    repository.write("a.py", GOOD)
    repository.write("sub/b.py", GOOD.replace('task_id="t"', 'task_id="other"'))
    fleet = repository.load().fleet
    assert fleet.dag("good").tasks[0].task_id == "t"
    (problem,) = fleet.problems
    assert (problem.cause, problem.file, problem.line) == ("duplicate", "sub/b.py", 5)
    assert "a.py line 5" in problem.message


def test_a_dag_imported_by_another_file_is_one_dag(repository):
    repository.write(
        "b_dag.py", GOOD.replace('"good", schedule=None)', '"good", schedule=None) as d')
    )
    repository.write("a_dag.py", "# airflow\nfrom b_dag import d\n")
    fleet = repository.load().fleet
    assert fleet.problems == ()
    assert [d.dag_id for d in fleet.dags] == ["good"]


def test_a_duplicate_task_id_names_the_task(repository):
    problem = problem_beside_a_good_dag(
        repository,
        GOOD.replace('"good"', '"twice"') + '    EmptyOperator(task_id="t")\n',
    )
    assert (problem.cause, problem.dag_id, problem.task_id) == ("duplicate", "twice", "t")
    assert problem.line == 7


def test_an_unknown_trigger_rule_names_the_task_the_rules_and_the_closest(repository):
    problem = problem_beside_a_good_dag(
        repository,
        GOOD.replace('"good"', '"bad"').replace(
            'task_id="t"', 'task_id="t", trigger_rule="all_sucess"'
        ),
    )
    assert (problem.cause, problem.dag_id, problem.task_id, problem.line) == (
        "value",
        "bad",
        "t",
        6,
    )
    assert "did you mean 'all_success'?" in problem.message
    assert "none_failed_min_one_success" in problem.message


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("pool_slots=0", "pool_slots=0"),
        ("retries=-1", "retries=-1"),
        ("retries='many'", "retries='many'"),
        ("execution_timeout=60", "timedelta(seconds=60)"),
        ("retry_delay='soon'", "retry_delay='soon'"),
        ("weight_rule='upsteam'", "did you mean 'upstream'?"),
        ("start_date='yesterday'", "start_date='yesterday'"),
    ],
)
def test_a_task_argument_of_the_wrong_kind_is_named_with_its_value(repository, argument, said):
    problem = problem_beside_a_good_dag(
        repository,
        GOOD.replace('"good"', '"bad"').replace('task_id="t"', f'task_id="t", {argument}'),
    )
    assert (problem.cause, problem.task_id, problem.line) == ("value", "t", 6)
    assert said in problem.message


def test_an_edge_between_two_dags_is_refused_with_a_hint(repository):
    problem = problem_beside_a_good_dag(
        repository,
        GOOD.replace('"good"', '"one"').replace("    Empty", "    a = Empty")
        + '\nwith DAG("two", schedule=None):\n    a >> EmptyOperator(task_id="u")\n',
    )
    assert "ExternalTaskSensor" in problem.message


def test_an_attempt_to_reach_the_network_is_stopped_and_named(repository):
    problem = problem_beside_a_good_dag(
        repository,
        """
        # airflow dag
        import urllib.request
        urllib.request.urlopen("http://example.com/settings")
        """,
    )
    assert "example.com" in problem.message
    assert problem.line == 4


def test_a_folder_without_dags_is_a_problem_of_its_own(repository):
    repository.write("helper.py", "x = 1\n")
    repository.write("almost.py", "import airflow  # no d-a-g\n".replace("d-a-g", "graph"))
    fleet = repository.load().fleet
    assert [p.cause for p in fleet.problems] == ["empty"]


def test_a_file_that_is_not_utf_8_or_has_null_bytes_is_a_problem(repository):
    (repository.root).mkdir()
    (repository.root / "latin.py").write_bytes(b"# airflow dag\nx = '\xe9'\n")
    (repository.root / "null.py").write_bytes(b"# airflow dag\nx = 1\x00\n")
    fleet = repository.load().fleet
    assert [(p.file, p.cause) for p in fleet.problems] == [
        ("latin.py", "syntax"),
        ("null.py", "syntax"),
    ]


def test_nothing_at_the_path_is_invalid_input(tmp_path):
    with pytest.raises(InvalidInput, match="no such file or folder"):
        load(tmp_path / "nowhere")
    (tmp_path / "x.txt").write_text("dag airflow")
    with pytest.raises(InvalidInput, match="not a Python file"):
        load(tmp_path / "x.txt")
    with pytest.raises(InvalidInput, match=r"airflow-3\.3"):
        load(tmp_path, profile="airflow-9")
