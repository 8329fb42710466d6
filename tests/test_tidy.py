"""The house rules as tests: who may import whom, where third parties live, nothing undocumented.

They read the installed package, so that what is shipped is what is held to them.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("windtunnel", "pytest_windtunnel")

# A room may import every room in a later line; rooms in one line don't import each other.
LAYERS = (
    {"cli", "strategies"},
    {"regression"},
    {"report", "target"},
    {"comparison", "history", "planning"},
    {"api"},
    {"result"},
    {"explain"},
    {"search", "capacity", "calibration", "window", "execute"},
    {"lint", "faults", "sweep"},
    {"engine", "loaders", "detect", "slices"},
    {"trace", "choices"},
    {"model"},
    {"errors", "units"},
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
# The package itself and `python -m` stand above the rooms; each has one door.
DOORS = {
    "": {
        "api",
        "history",
        "planning",
        "errors",
        "faults",
        "model",
        "trace",
        "detect",
        "loaders",
        "strategies",
    },
    "__main__": {"cli"},
}

HOMES = {
    "simpy": {"engine"},
    "hypothesis": {"strategies"},
    "freezegun": {"execute"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli", "report"},
    "croniter": {"model", "engine", "loaders"},
    "jinja2": {"report", "execute"},
    "sqlalchemy": {"loaders", "calibration"},
    "scipy": {"capacity", "calibration"},
    "numpy": {"capacity", "calibration"},
    "joblib": {"sweep"},
    "distributed": {"sweep"},
    "ray": {"sweep"},
    "pyarrow": {"calibration", "report"},
    "opentelemetry": {"report"},
    "yaml": {"loaders"},
    "z3": {"slices"},
    "pytest": set(),
}
CLOSED = ("model", "trace", "choices", "engine", "detect", "slices")
OUTSIDE_MODULES = {"random", "time", "secrets", "uuid", "socket", "threading"}
OUTSIDE_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
OUTSIDE_NAMES = {"os.environ", "os.getenv", "os.urandom"}
USERS_ROOMS = {
    "", "api", "errors", "explain", "faults", "loaders", "model", "report", "strategies", "target",
    "units",
}  # fmt: skip
LONGEST_FUNCTION = 100
# Longer on purpose: one loop, in which every call would cost each of a million tasks.
HOT_LOOPS = {"windtunnel.engine.express.run"}


def folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def read(package: str) -> dict[str, ast.Module]:
    root = folder(package)
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = ast.parse(path.read_text("utf-8"), filename=str(path))
    return modules


MODULES = {name: tree for package in PACKAGES for name, tree in read(package).items()}


def room(module: str) -> str:
    """The room of a module of windtunnel; empty for the package itself."""
    return [*module.split("."), ""][1]


def imports(module: str, tree: ast.AST) -> Iterator[str]:
    """Full names of what a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        yield from imported_by(module, node)


def imported_by(module: str, node: ast.AST) -> Iterator[str]:
    """Full names of what one statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{module}:{node.lineno}: relative import"
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            yield full if full in MODULES else str(node.module)


def of_windtunnel(module: str) -> bool:
    return module.partition(".")[0] == "windtunnel"


def may_import(importer: str, imported: str) -> bool:
    """Whether a module of windtunnel may import another one."""
    here, there = room(importer), room(imported)
    if here in DOORS:
        return there in DOORS[here]
    if here == there:
        return True
    if there in DOORS:  # the package as a whole: for those who use it as its users do
        return here in {"cli", "report"} and there == ""
    return LEVEL[here] < LEVEL[there]


def test_every_module_lives_in_a_room_that_the_rules_know() -> None:
    strangers = [m for m in MODULES if of_windtunnel(m) and room(m) not in {*LEVEL, *DOORS}]
    assert not strangers


def test_rooms_import_only_rooms_further_right() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, tree in MODULES.items()
        if of_windtunnel(module)
        for name in imports(module, tree)
        if of_windtunnel(name) and not may_import(module, name)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_rules_would_notice_a_room_that_looks_back() -> None:
    assert may_import("windtunnel.report.text", "windtunnel.trace")
    assert not may_import("windtunnel.detect.stuck.deadlock", "windtunnel.engine.kernel")
    assert not may_import("windtunnel.model.dag", "windtunnel.trace")
    assert not may_import("windtunnel.api", "windtunnel.report")


def test_the_plugin_uses_only_what_users_use() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, tree in MODULES.items()
        if not of_windtunnel(module)
        for name in imports(module, tree)
        if of_windtunnel(name) and room(name) not in USERS_ROOMS
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_third_party_has_its_home(library: str) -> None:
    wrong = [
        module
        for module, tree in MODULES.items()
        if of_windtunnel(module) and room(module) not in HOMES[library]
        for name in imports(module, tree)
        if name.split(".")[0] == library
    ]
    assert not wrong, f"{library} is imported outside {sorted(HOMES[library])}: {wrong}"


def dotted(node: ast.AST) -> str:
    return (
        f"{node.value.id}.{node.attr}"
        if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
        else ""
    )


def outside(module: str, tree: ast.Module) -> Iterator[str]:
    """Whatever in a module could make two runs of one scenario differ."""
    for name in set(imports(module, tree)) & OUTSIDE_MODULES:
        yield f"{module} imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in OUTSIDE_CALLS:
            yield f"{module}:{node.lineno} calls {dotted(node.func)}"
        elif dotted(node) in OUTSIDE_NAMES:
            yield f"{module}:{getattr(node, 'lineno', 0)} reads {dotted(node)}"


def test_nothing_from_the_outside_world_reaches_the_simulation() -> None:
    wrong = [
        leak
        for module, tree in MODULES.items()
        if room(module) in CLOSED and of_windtunnel(module)
        for leak in outside(module, tree)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_rule_against_the_outside_world_would_notice_a_clock() -> None:
    assert list(
        outside("m", ast.parse("import time\nfrom datetime import datetime\ndatetime.now()"))
    )


def for_types_only(tree: ast.Module) -> set[ast.AST]:
    """Everything below ``if TYPE_CHECKING``: it is never executed."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, tree in MODULES.items():
        unseen = for_types_only(tree)
        graph[module] = {
            name
            for node in ast.walk(tree)
            if node not in unseen
            for name in imported_by(module, node)
            if name in MODULES and name != module
        }
    while outer := peel(graph):
        graph = {module: needs for module, needs in graph.items() if module not in outer}
    assert not graph, f"import circles among: {sorted(graph)}"


def peel(graph: dict[str, set[str]]) -> set[str]:
    """Modules that import none, or are imported by none, of the others: on no circle."""
    imported = {name for needs in graph.values() for name in needs}
    return {module for module, needs in graph.items() if not needs & graph.keys()} | (
        graph.keys() - imported
    )


def test_every_module_says_what_it_is() -> None:
    silent = [module for module, tree in MODULES.items() if not ast.get_docstring(tree)]
    assert not silent


def test_every_public_class_and_function_has_a_docstring() -> None:
    silent = [
        f"{module}:{node.lineno} {node.name}"
        for module, tree in MODULES.items()
        for node in tree.body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent, "\n".join(silent)


def test_functions_fit_on_a_screen_or_two() -> None:
    long = [
        f"{module}:{node.lineno} {node.name} has {node.end_lineno - node.lineno} lines"
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno > LONGEST_FUNCTION
        and f"{module}.{node.name}" not in HOT_LOOPS
    ]
    assert not long, "\n".join(long)


def test_the_architecture_tells_of_these_rooms_and_arrows():
    text = (Path(__file__).parents[1] / "ARCHITECTURE.md").read_text("utf-8")
    table = text.partition("## Rooms")[2].partition("has rooms of its own")[0]
    (arrows,) = re.findall(r"^.*\S ▸ \S.* ▸ .*$", text, re.MULTILINE)
    levels = [set(re.findall(r"\w+", level)) for level in arrows.split("▸")]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(LEVEL)
    assert levels == list(LAYERS)
