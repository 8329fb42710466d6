"""The verbs that people call, as they call them: simulate, check, replay, and what they answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import windtunnel as wt
from windtunnel.model import Every, ExternalTaskSensor, Problem, TriggerDagRun

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def etl() -> wt.Fleet:
    """Two tasks in a row; the second uses the pool ``db``."""
    tasks = (
        wt.Task(task_id="extract"),
        wt.Task(task_id="load", upstream=("extract",), pool="db"),
    )
    hourly = {"schedule": Every(seconds=3600), "start_date": START}
    return wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=tasks, **hourly),))


@pytest.fixture
def db() -> wt.Cluster:
    return wt.Cluster(pools={"db": wt.Pool(slots=1)})


@pytest.fixture
def nested() -> wt.Scenario:
    """Two parents on two worker slots, each waiting for a child."""
    call = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True)
    dags = [wt.Dag(dag_id=name, tasks=(wt.Task(task_id="call", kind=call),)) for name in "ab"]
    child = wt.Dag(dag_id="child", tasks=(wt.Task(task_id="run"),))
    return wt.Scenario(
        fleet=wt.Fleet(dags=(*dags, child)),
        cluster=wt.Cluster(workers=(wt.WorkerGroup(slots=2),)),
        start=START,
        manual_runs=(wt.ManualRun(dag_id="a"), wt.ManualRun(dag_id="b")),
    )


# -- simulate -----------------------------------------------------------------------------------


def test_a_fleet_is_simulated_with_what_is_given(etl, db):
    result = wt.simulate(etl, cluster=db, start=START, window="3h")
    assert [run.state for run in result.dag_runs("etl")][:3] == ["success"] * 3
    load = result.tasks("etl.load")[0]
    assert (load.state, load.try_number, load.map_index) == ("success", 1, -1)
    assert load.started == START + timedelta(seconds=60)
    assert load.ended == START + timedelta(seconds=120)
    assert [(wait.limit, wait.seconds) for wait in load.waited_on] == [("upstream", 60.0)]
    assert result.findings == ()


def test_what_is_not_given_is_the_scenarios_own(nested):
    result = wt.simulate(nested)
    assert result.scenario == nested
    assert len(result.findings) == 1


def test_what_is_given_replaces_it(nested):
    result = wt.simulate(nested, cluster=wt.Cluster(), runs=["a"], window=3600, seed=5)
    assert result.findings == ()
    assert [run.dag_id for run in result.dag_runs()] == ["a", "child"]
    assert (result.scenario.duration_s, result.scenario.seed) == (3600.0, 5)


@pytest.mark.parametrize(
    ("window", "seconds"), [("90m", 5400), ("2d", 172800), ("1h30m", 5400), (12.5, 12.5)]
)
def test_a_window_is_seconds_or_words(etl, window, seconds):
    assert wt.simulate(etl, start=START, window=window).scenario.duration_s == seconds


@pytest.mark.parametrize("window", ["soon", "-3h", 0, -1, "0s"])
def test_a_window_that_makes_no_sense_is_refused(etl, window):
    with pytest.raises(wt.InvalidInput):
        wt.simulate(etl, window=window)


def test_a_start_needs_its_timezone(etl):
    with pytest.raises(wt.InvalidInput, match=r"start=2026-03-01T00:00:00: give it a timezone"):
        wt.simulate(etl, start=datetime(2026, 3, 1))


def test_a_run_of_a_dag_that_does_not_exist_lists_those_that_do(nested):
    with pytest.raises(wt.InvalidInput, match=r"DAG 'c' is asked for; the fleet has: a, b, child"):
        wt.simulate(nested, runs=["c"])


def test_an_empty_fleet_has_nothing_to_run():
    with pytest.raises(wt.InvalidInput, match="the fleet has: none"):
        wt.simulate(wt.Fleet(), runs=["etl"])


# -- questions ----------------------------------------------------------------------------------


@pytest.fixture
def result(etl, db) -> wt.Result:
    return wt.simulate(etl, cluster=db, start=START, window="2h30m", runs=["etl"])


def test_the_last_run_is_meant_unless_one_is_named(result):
    assert result.dag_run("etl").logical_date == START + timedelta(hours=2)
    first = result.dag_runs("etl")[0]
    assert result.dag_run("etl", first.run) == first
    assert result.dag_run("etl", first.run_id) == first


def test_a_run_that_does_not_exist_lists_those_that_do(result):
    with pytest.raises(wt.InvalidInput, match=r"has no run 'x'; its runs: scheduled@2026-03-01"):
        result.dag_run("etl", "x")


def test_a_dag_that_does_not_exist_is_told_from_one_without_runs(etl, db):
    result = wt.simulate(etl, cluster=db, start=START - timedelta(days=1), window="1h")
    with pytest.raises(wt.InvalidInput, match="'etl' has no run in this window"):
        result.dag_run("etl")
    with pytest.raises(wt.InvalidInput, match="'elt' is not in the fleet; DAGs: etl"):
        result.dag_run("elt")
    with pytest.raises(wt.InvalidInput, match="'elt' is not in the fleet"):
        result.task("elt.load")


def test_a_task_that_does_not_exist_lists_those_that_do(result):
    with pytest.raises(wt.InvalidInput, match=r"'etl\.laod'; of this DAG: etl\.extract, etl\.load"):
        result.task("etl.laod")


def test_tasks_are_narrowed_by_name_and_run(result):
    assert len(result.tasks()) == 2 * len(result.dag_runs())
    assert {task.name for task in result.tasks("etl.load")} == {"etl.load"}
    run = result.dag_runs()[0].run
    assert [task.name for task in result.tasks(run=run)] == ["etl.extract", "etl.load"]


def test_a_mapped_instance_is_named_with_its_index():
    dag = wt.Dag(dag_id="d", tasks=(wt.Task(task_id="t", expand=(3,)),))
    result = wt.simulate(wt.Fleet(dags=(dag,)), runs=["d"])
    assert result.task("d.t[1]").map_index == 1
    assert [task.map_index for task in result.tasks("d.t")] == [0, 1, 2]


def test_a_task_that_never_started_has_no_times(nested):
    child = wt.simulate(nested).tasks("child.run")[0]
    assert (child.state, child.started) == ("failed", None)
    assert [wait.limit for wait in child.waited_on] == ["worker slots"] * len(child.waited_on)


# -- assumptions --------------------------------------------------------------------------------


def test_what_had_to_be_assumed_is_told(etl, db):
    told = {a.subject: a.assumed for a in wt.simulate(etl, cluster=db).assumptions}
    assert told["2 tasks without a behavior"].startswith("60 s each, always a success")


def test_a_task_with_a_rule_is_no_assumption(etl, db):
    behavior = wt.Behavior(rules=(wt.Rule(tasks="etl.*", duration_s=5),))
    result = wt.simulate(etl, cluster=db, behavior=behavior, start=START, window="1d")
    assert result.assumptions == ()


def test_a_dag_outside_the_fleet_is_an_assumption():
    kind = ExternalTaskSensor(external_dag_id="elsewhere")
    dag = wt.Dag(dag_id="d", tasks=(wt.Task(task_id="wait", kind=kind),))
    subjects = [a.subject for a in wt.simulate(wt.Fleet(dags=(dag,)), runs=["d"]).assumptions]
    assert "DAG elsewhere (named by d.wait)" in subjects


# -- check and replay ---------------------------------------------------------------------------


def test_check_finds_explains_repairs_and_stores(nested, tmp_path):
    report = wt.check(nested, seeds=3, store=tmp_path)
    (finding,) = report.findings
    assert finding.code == "WT101"
    assert [fix.setting for fix in finding.fixes][:2] == [
        "worker slots",
        "deferrable of a.call, b.call",
    ]
    assert (tmp_path / f"{finding.counterexample}.json").is_file()
    assert report.simulations == 4


def test_replay_shows_the_same_finding_again(nested, tmp_path):
    (finding,) = wt.check(nested, seeds=3, store=tmp_path).findings
    again = wt.replay(finding.counterexample, store=tmp_path)
    assert again.findings == (finding,)
    assert again.simulations == 1
    assert again.result.dag_run("a").state == "running", "its window ends soon after"


def test_check_without_a_store_writes_nothing(nested, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (finding,) = wt.check(nested, seeds=1).findings
    assert finding.counterexample is None  # there would be nothing to replay
    assert list(tmp_path.iterdir()) == []


def test_check_twice_says_the_same(nested):
    assert wt.check(nested, seeds=3).findings == wt.check(nested, seeds=3).findings


def test_check_says_what_it_covered_and_promises_no_more(nested):
    covered = wt.check(nested, seeds=3, window="12h").covered
    assert covered.startswith("4 simulations of 12 h from 2026-03-01T00:00:00+00:00")
    assert covered.endswith("Not found is not proved.")


def test_a_clean_fleet_is_clean(etl, db):
    report = wt.check(etl, cluster=db, start=START, window="3h", seeds=3)
    assert report.findings == ()


def test_a_missing_pool_is_found_and_needs_no_counterexample(etl, tmp_path):
    other = wt.Cluster(pools={"other": wt.Pool(slots=1)})
    report = wt.check(etl, cluster=other, start=START, window="3h", seeds=2, store=tmp_path)
    (finding,) = report.findings
    assert finding.code == "WT110"
    assert finding.counterexample is None
    assert list(tmp_path.iterdir()) == []


def test_a_pool_is_assumed_when_nobody_says_which_pools_there_are_and_that_is_told(etl):
    report = wt.check(etl, start=START, window="3h", seeds=2)
    assert report.findings == ()
    (finding,) = report.possible
    assert finding.code == "WT111"
    assert "db (etl.load)" in finding.summary
    assert report.result.dag_run("etl").state == "success"
    said = {a.subject: a.assumed for a in report.assumptions}
    assert said["pool db (named by 1 task, size unknown)"] == "128 slots"


def test_applying_the_named_fix_cures_it(nested):
    (finding,) = wt.check(nested, seeds=3).findings
    slots = next(int(fix.after) for fix in finding.fixes if fix.setting == "worker slots")
    cured = wt.Cluster(workers=(wt.WorkerGroup(slots=slots),))
    assert wt.check(nested, cluster=cured, seeds=3).findings == ()
    smaller = wt.Cluster(workers=(wt.WorkerGroup(slots=slots - 1),))
    assert wt.check(nested, cluster=smaller, seeds=3).findings != ()


def test_an_unknown_counterexample_is_told(tmp_path):
    with pytest.raises(wt.InvalidInput, match="no such counterexample"):
        wt.replay("wt1-nothing", store=tmp_path)


def test_every_error_has_a_stable_slug():
    assert (wt.WindtunnelError.slug, wt.InvalidInput.slug) == ("windtunnel", "invalid-input")
    assert issubclass(wt.InvalidInput, wt.WindtunnelError)


# -- progress, and what may be given ------------------------------------------------------------


def test_watching_a_simulation_changes_nothing_in_it(nested):
    seen = []
    watched = wt.simulate(nested, progress=lambda *told: seen.append(told))
    assert watched.trace == wt.simulate(nested).trace
    assert seen[0] == ("Simulating", 0, 100)
    assert seen[-1][1:] == (99, 100)


def test_a_check_tells_how_far_it_is_also_while_fixes_are_looked_for(nested):
    seen = []
    wt.check(nested, seeds=2, progress=lambda *told: seen.append(told))
    assert seen[:3] == [("Simulating", n, 3) for n in (1, 2, 3)]
    assert ("Looking for fixes", 0, 1) in seen


def test_a_fleet_alone_is_simulated_in_a_window_that_is_told(etl):
    result = wt.simulate(etl)
    assert result.scenario.start == START
    assert "the window" in {one.subject for one in result.assumptions}
    assert result.ran


@pytest.mark.parametrize("given", ["2026-03-01", "2026-03-01T01:00+01:00", START, START.date()])
def test_a_start_is_a_datetime_a_date_or_text(etl, given):
    assert wt.simulate(etl, start=given, window="1h").scenario.start == START


def test_a_cluster_is_a_value_or_a_file(etl, tmp_path):
    file = tmp_path / "cluster.toml"
    file.write_text("parallelism = 7\n")
    assert wt.simulate(etl, cluster=file, window="1h").scenario.cluster.parallelism == 7


def test_one_run_may_be_named_without_a_list(nested):
    assert {run.dag_id for run in wt.simulate(nested, runs="a").dag_runs()} == {"a", "child"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": "soon"}, "start=soon: not a date or time"),
        ({"start": datetime(9999, 12, 31, tzinfo=UTC)}, "must be from 1970 to 2200"),
        ({"seed": "x"}, "seed='x': must be a whole number"),
        ({"execute": True}, "execute=True: give it what windtunnel.loaders.load"),
        ({"cluster": "nowhere.toml"}, "nowhere.toml: no such file"),
        ({"window": "soon"}, "window='soon': 'soon' is no duration"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_name(etl, given, said):
    with pytest.raises(wt.InvalidInput, match=said):
        wt.simulate(etl, **given)


def test_a_rule_that_no_task_matches_is_told(etl):
    behavior = wt.Behavior(rules=(wt.Rule(tasks="elt.*"),))
    told = {one.subject: one.assumed for one in wt.simulate(etl, behavior=behavior).assumptions}
    assert told["behavior.rules[0].tasks = 'elt.*'"].endswith("did you mean 'etl.*'?")


def test_a_question_about_a_dag_whose_file_failed_shows_the_problem(etl):
    broken = Problem(cause="syntax", message="invalid syntax", file="broken.py", line=3)
    fleet = etl.model_copy(update={"problems": (broken,)})
    with pytest.raises(wt.InvalidInput, match=r"(?s)not in the fleet.*broken\.py:3: invalid"):
        wt.simulate(fleet).dag_run("broken")


def test_a_store_that_cannot_be_written_loses_no_finding(nested, tmp_path):
    (tmp_path / "file").write_text("in the way")
    report = wt.check(nested, seeds=1, store=tmp_path / "file")
    assert [finding.code for finding in report.findings] == ["WT101"]
    assert report.findings[0].counterexample is None
    assert "can't be stored here" in report.not_kept


# -- accepted findings ----------------------------------------------------------------------------


def test_an_accepted_finding_is_counted_and_is_none(nested, tmp_path):
    report = wt.check(nested, accept={"[ab]": ["WT101"]}, store=tmp_path / "store")
    assert report.findings == ()
    assert [one.finding.code for one in report.accepted] == ["WT101"]
    assert not (tmp_path / "store").exists(), "what is accepted is no counterexample to fix"
    assert wt.simulate(nested, accept={"[ab]": ["WT101"]}).findings == ()


@pytest.mark.parametrize(
    ("glob", "said"),
    [("elt", "no such DAG; did you mean 'etl'?"), ("etl", "nothing of it was found")],
)
def test_what_is_accepted_and_never_found_is_told(etl, glob, said):
    report = wt.check(etl, seeds=0, accept={glob: ["WT104"]})
    told = {a.subject: a.assumed for a in report.assumptions}
    assert told[f"accept of WT104 for {glob}"].startswith(f"not used: {said}")


def test_what_one_dag_does_and_may_is_not_what_another_one_does(nested):
    report = wt.check(nested, accept={"a": ["WT101"]})
    assert [one.code for one in report.findings] == ["WT101"]
    assert any("b takes part, too" in note for note in report.findings[0].notes)


def test_a_stored_counterexample_doesnt_know_what_was_accepted(nested, tmp_path):
    report = wt.check(nested, accept={"a": ["WT101"]}, store=tmp_path)
    (finding,) = report.findings
    assert wt.replay(finding.counterexample, store=tmp_path).findings


def test_a_code_that_is_none_is_bad_input(etl):
    with pytest.raises(wt.InvalidInput, match=r"accept\.etl"):
        wt.check(etl, accept={"etl": "WT101"})
