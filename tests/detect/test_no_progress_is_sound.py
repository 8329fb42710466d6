"""For any small fleet in which tasks fail: what is called stalled, or waiting in vain, does not go
on before it is told, in however long a window."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deciding import even
from effort import examples
from waiting_fleets import ONE_POKE, richer
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import Rule, Scenario

CODES = {"WT102", "WT103"}
LONGER_S = 45_000
quick = settings(
    examples(60), phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
names = st.sampled_from(("a.t0", "b.t0", "c.t0", "a.*", "b.t1", "c.t2"))
ends = st.sampled_from(("fail", "fail_no_retry", "skip", ("fail", "success")))


@st.composite
def failing(draw: st.DrawFn) -> Scenario:
    """Fleets with all ways of waiting, of which some tasks don't succeed."""
    scenario = draw(richer())
    bad = draw(st.dictionaries(names, ends, min_size=1, max_size=2))
    rules = tuple(Rule(tasks=name, outcome=end, duration_s=60) for name, end in bad.items())
    behavior = scenario.behavior.model_copy(update={"rules": (*rules, *scenario.behavior.rules)})
    return scenario.model_copy(update={"behavior": behavior})


@quick
@given(failing(), st.integers(0, 2))
def test_what_a_short_window_calls_hopeless_a_long_one_does_not_see_go_on(short, seed):
    findings = [f for f in detect(short, simulate(short, even(seed))) if f.code in CODES]
    if not findings:
        return
    long = short.model_copy(update={"duration_s": short.duration_s + LONGER_S})
    trace = simulate(long, even(seed))
    went_on: dict[tuple[str, str], list] = {}
    for event in trace.events():
        if event.task_id is not None and event.state in ("success", "running"):
            name = f"{event.dag_id}.{event.task_id}"
            went_on.setdefault((name, event.run), []).append((trace.at(event.at_us), event.state))
    looks = {
        f"{dag.dag_id}.{task.task_id}"
        for dag in short.fleet.dags
        for task in dag.tasks
        if getattr(task.kind, "mode", "") == "reschedule"
    }
    for finding in findings:
        until = None if finding.until is None else finding.until - ONE_POKE
        for party in (*finding.holding, *finding.waiting):
            begins = party.state in ("none", "scheduled") and party.name not in looks
            wrong = [
                (at, state)
                for at, state in went_on.get((party.name, party.run), ())
                if at > finding.since
                and (until is None or at < until)
                and (state == "success" or begins)
            ]
            assert not wrong, f"{party.name} went on: {wrong[0]}, against {finding}"


def test_the_fleets_drawn_here_have_such_findings_and_have_none():
    seen = {"none": 0, "WT102": 0, "WT103": 0}

    @quick
    @given(failing())
    def count(scenario):
        codes = {f.code for f in detect(scenario, simulate(scenario))} & CODES
        for code in codes or {"none"}:
            seen[code] += 1

    count()
    assert min(seen.values()) > 0, seen
