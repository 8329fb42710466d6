"""`windtunnel executions`: some recorded executions are fitted, the others predicted."""

import json
import shutil
from pathlib import Path

import pytest

RECORDED = Path(__file__).parents[1] / "calibration" / "executions" / "wrench"


@pytest.fixture
def traces(tmp_path):
    """Four runs of 1000genome, and a file beside them that is no trace."""
    place = tmp_path / "traces"
    place.mkdir()
    for file in RECORDED.glob("exogeni*"):
        shutil.copy(file, place)
    (place / "properties.json").write_text('{"submit_host": "master"}')
    return place


def test_every_second_one_is_predicted_with_the_uncalibrated_error_beside(cli, traces):
    told = cli("executions", traces)
    assert told.code == 0
    assert "exogeni-1000genome: 2 executions fitted, 2 held out" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    row = next(line for line in told.out.splitlines() if line.startswith("  exogeni-1000genome  "))
    fitted, held_out, uncalibrated, mean, _, _ = row.split()[1:]
    assert (fitted, held_out) == ("2", "2")
    assert float(mean[:-1]) < 11
    assert float(uncalibrated[:-1]) > 40


def test_those_that_are_named_are_fitted_and_all_others_predicted(cli, traces):
    named = traces / "exogeni-1000genome-002.json.gz"
    told = cli("executions", traces, "--fit", named, "--format", "json")
    assert told.code == 0
    (family,) = json.loads(told.out)["families"]
    assert [Path(one["file"]).name for one in family["fitted"]] == [named.name]
    assert len(family["held_out"]) == 3
    assert sum(one["weight"] for one in family["platforms"]) == pytest.approx(1)


def test_each_one_may_be_predicted_from_all_others(cli, traces):
    told = cli("executions", traces, "--leave-one-out")
    assert told.code == 0
    assert "4 executions, each predicted from the others" in told.out


def test_a_folder_with_one_fitted_execution_may_be_given_beside_its_fit(cli, traces):
    named = traces / "exogeni-1000genome-002.json.gz"
    told = cli("executions", named, traces, "--fit", named)
    assert told.code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["traces", "--leave-one-out", "--fit", "traces"], "--fit and --leave-one-out"),
        (["traces", "--fit", "traces"], "nothing can be held out"),
        (["traces/properties.json"], "not WfFormat"),
        (["traces/missing.json"], "missing.json: can't be read"),
        (["empty"], "empty: no execution trace"),
    ],
)
def test_what_cannot_be_done_is_told(cli, traces, tmp_path, args, said):
    (tmp_path / "empty").mkdir()
    told = cli("executions", *(tmp_path / a if a[0] != "-" else a for a in args))
    assert told.code == 2
    assert told.out == ""
    assert said in " ".join(told.err.split())
