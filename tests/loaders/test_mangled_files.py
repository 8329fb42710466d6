"""Mangled files: DAG files with parts missing and nonsense for arguments never break a load."""

import ast
import random
from pathlib import Path

import pytest

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*/*.py"))
NONSENSE = [
    ast.parse(text, mode="eval").body
    for text in (
        "None",
        "-1",
        "''",
        "'x'",
        "[]",
        "[None]",
        "{'a': None}",
        "object()",
        "lambda *a: 1",
        "1e400",
        "float('nan')",
        "10 ** 30",
        "b'x'",
        "(1, 2)",
        "True",
        "...",
        "type",
        "'{{ x }}'",
        "Exception('x')",
        "'2024-13-01'",
        r"'\ud800'",
        "timedelta(-1)",
        "timedelta.max",
        "datetime.min",
    )
]
RATE = 0.02


class Mangler(ast.NodeTransformer):
    """Replaces values by nonsense and drops statements, here and there."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if self.chance.random() < RATE:
            node.value = self.chance.choice(NONSENSE)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self.chance.choice(NONSENSE) if self.chance.random() < RATE else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        return node  # its parts can't be anything else

    def visit_With(self, node: ast.With) -> ast.With:
        self.generic_visit(node)
        if len(node.body) > 1 and self.chance.random() < RATE:
            del node.body[self.chance.randrange(len(node.body))]
        return node


@pytest.mark.parametrize("seed", range(3))
def test_every_mangled_file_gives_dags_or_says_why_not(repository, seed):
    for number in range(25):
        mangler = Mangler(1000 * seed + number)
        tree = mangler.visit(ast.parse(mangler.chance.choice(CORPUS).read_text()))
        text = ast.unparse(ast.fix_missing_locations(tree))
        repository.write(f"f{number}.py", "# airflow dag\n" + text)
    loaded = repository.load(cache=None)
    assert len(loaded.files) == 25
    for file in loaded.files:
        assert file.dag_ids or file.problems, file.file
    for problem in loaded.fleet.problems:
        assert "its process" not in problem.message, str(problem)
        assert "windtunnel" not in problem.message, str(problem)


def test_a_file_cut_off_anywhere_costs_nothing_else(repository):
    text = (Path(__file__).parent / "corpus" / "both" / "edges.py").read_bytes()
    repository.root.mkdir()
    for length in range(100, len(text), 97):
        (repository.root / f"cut_{length}.py").write_bytes(b"# airflow dag\n" + text[:length])
    (repository.root / "invalid.py").write_bytes(b"# airflow dag\n\xff\xfe" + text)
    repository.write("whole.py", "from airflow import DAG\nd = DAG('whole', schedule=None)\n")
    fleet = repository.load(cache=None).fleet
    assert "whole" in [d.dag_id for d in fleet.dags]
    assert "syntax" in {p.cause for p in fleet.problems if p.file == "invalid.py"}
