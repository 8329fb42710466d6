"""How far executions that really happened are predicted: the figures that the documentation states.

The errors were measured with these files; they may get better, and must not get worse.
"""

import gzip
import json
from functools import cache
from pathlib import Path

import pytest

from windtunnel.calibration.platforms import Platform, backtest_executions, fit, on_slots, predict
from windtunnel.calibration.platforms.families import families, same_application
from windtunnel.engine import simulate
from windtunnel.errors import InvalidInput
from windtunnel.loaders import load_execution

HERE = Path(__file__).parent / "executions"
SOYKB = [f"{n}fastq-20ch-001" for n in (10, 20, 30, 40, 50)] + ["50fastq-10ch-001"]
NEXTFLOW = [
    "airrflow", "bacass", "cutandrun", "hic", "methylseq", "rnaseq", "sarek", "smrnaseq",
    "viralrecon",
]  # fmt: skip


def files(pattern):
    return sorted(HERE.glob(f"{pattern}.json.gz"))


@cache
def read(file):
    return load_execution(file)


def loaded(pattern):
    return [read(file) for file in files(pattern)]


def held_out(pattern, fitted=None):
    """The family of these files: every second one predicted, or those that are not *fitted*."""
    executions = loaded(pattern)
    chosen = frozenset(one.file for one in executions if fitted is not None and fitted(one.file))
    (family,), alone = backtest_executions(executions, fitted=chosen)
    assert not alone
    return family


def is_one_of(names):
    return lambda file: any(name in file for name in names)


def is_pipeline(file):
    return Path(file).name.removeprefix("nextflow__").split("-")[0] in NEXTFLOW


@pytest.mark.parametrize(
    ("pattern", "fitted", "most", "least_without"),
    [
        ("wrench/montage-m5*", is_one_of(["-001", "-002"]), 0.02, 0.55),
        ("wfinstances/*soykb*", is_one_of(SOYKB), 0.08, 0.55),
        ("wfinstances/nextflow*", None, 0.07, 0.20),
        ("wfinstances/nextflow*", is_pipeline, 0.08, 0.20),
        ("wrench/exogeni*", None, 0.11, 0.45),
    ],
    ids=["m5", "soykb", "nextflow", "nextflow from nine", "1000genome"],
)
def test_executions_that_were_held_out_are_predicted_as_well_as_the_documentation_says(
    pattern, fitted, most, least_without
):
    family = held_out(pattern, fitted)
    assert len(family.held_out) >= 2
    assert family.errors.mean <= most
    assert family.uncalibrated_errors.mean >= least_without


@pytest.mark.parametrize("number", [0, 4])
def test_one_run_is_enough_to_predict_other_runs_of_the_same_workflow(number):
    executions = loaded("wrench/montage-m5*")
    one = executions.pop(number)
    predicted = predict(fit([one]), executions)
    errors = [abs(p / real.took_s - 1) for p, real in zip(predicted, executions, strict=True)]
    assert sum(errors) / len(errors) <= 0.05


def test_the_same_executions_give_the_same_fit_in_any_order_of_reading():
    executions = loaded("wrench/exogeni*")
    first = backtest_executions(executions)
    assert first == backtest_executions(executions[::-1])


def test_a_run_that_took_much_longer_for_reasons_of_its_own_does_not_spoil_the_others():
    """hic took 2.6 times its work, rnaseq and methylseq 1.2 times."""
    executions = [one for one in loaded("wfinstances/nextflow*") if is_pipeline(one.file)]
    assert not same_application(executions)
    fitted = fit(executions)
    assert fitted.one_sided
    assert 2 < fitted.best.start_s < 4


def test_files_are_grouped_by_application_and_platform():
    groups = families([*loaded("wrench/*"), *loaded("wfinstances/nextflow*")], frozenset())
    assert {(one.name, len(one.fitted), len(one.held_out)) for one in groups} == {
        ("exogeni-1000genome", 2, 2),
        ("Nextflow on dirt02", 8, 7),
        ("montage-m5xlarge", 3, 2),
        ("montage-t2xlarge", 3, 2),
    }


def test_an_execution_alone_has_nothing_to_be_compared_with():
    executions = loaded("wrench/exogeni*")[:1]
    with pytest.raises(InvalidInput, match="nothing can be held out"):
        backtest_executions(executions)
    _, alone = backtest_executions([*executions, *loaded("wfinstances/nextflow*")[:2]])
    assert alone == tuple(executions)


def trace(**more):
    tasks = [
        {"name": f"t{n}", "id": f"t{n}", "parents": [], "children": [], "inputFiles": ["in"]}
        for n in range(4)
    ]
    runs = [{"id": f"t{n}", "runtimeInSeconds": 10, "machines": ["m"]} for n in range(4)]
    machines = [{"nodeName": "m", "cpu": {"coreCount": 2}}, {"nodeName": "idle"}]
    execution = {"makespanInSeconds": 40, "tasks": runs, "machines": machines, **more}
    files = [{"id": "in", "sizeInBytes": 2_000_000_000}]
    specification = {"tasks": tasks, "files": files}
    workflow = {"specification": specification, "execution": execution}
    return {"name": "four", "schemaVersion": "1.5", "workflow": workflow}


@pytest.fixture
def written(tmp_path):
    def write(data, name="four-lab-001.json"):
        place = tmp_path / name
        text = json.dumps(data).encode()
        place.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return place

    return write


@pytest.mark.parametrize("name", ["four-lab-001.json", "four-lab-001.json.gz"])
def test_a_trace_says_what_its_platform_did(written, name):
    execution = load_execution(written(trace(), name))
    assert execution.took_s == 40
    assert execution.cores == (2,)
    assert execution.gigabytes == (2.0,) * 4
    assert execution.runtimes_s == (10.0,) * 4
    assert execution.programs == {"t"}


def test_what_a_platform_adds_holds_a_slot(written):
    """Four tasks of 10 s, two at once, 5 s more for each, 1 s for each of two GB."""
    execution = load_execution(written(trace()))
    fitted = fit([execution])
    assert predict(fitted, [execution])[0] == pytest.approx(40, rel=0.02)
    result = simulate(on_slots(execution, Platform().slots_of(execution)))
    assert result.dag_runs()[0].ended_us == 20_000_000
    single = Platform(slots=1)
    assert single.slots_of(execution) == 1


@pytest.mark.parametrize("took", [None, 0, -3])
def test_a_trace_that_does_not_say_how_long_it_took_is_refused(written, took):
    place = written(trace(makespanInSeconds=took))
    with pytest.raises(InvalidInput, match="how long the execution took"):
        load_execution(place)


def test_a_broken_archive_is_told_with_its_name(tmp_path):
    place = tmp_path / "cut-off-001.json.gz"
    place.write_bytes(gzip.compress(b"{}" * 1000)[:20])
    with pytest.raises(InvalidInput, match=r"cut-off-001\.json\.gz"):
        load_execution(place)
