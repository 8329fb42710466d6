"""Hypothesis strategies for cases that Airflow accepts.

A case first draws which features it may use, so that some cases are dense in few features and
others mix many; what it draws first shrinks to the plainest.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Draw = st.DrawFn

START = "2024-01-01T00:00:00+00:00"
END_S = 700
FEATURES = (
    "backoff",
    "branch",
    "defer",
    "expand",
    "fail_fast",
    "group",
    "latest_only",
    "many_dags",
    "narrow",
    "past",
    "pools",
    "reparse",
    "retries",
    "rules",
    "run_limits",
    "schedule",
    "sensor",
    "setup",
    "short_circuit",
    "skip",
    "task_limits",
    "timeout",
    "weights",
)
RULES = (
    "all_success",
    "all_done",
    "none_failed",
    "none_failed_min_one_success",
    "one_success",
    "one_failed",
    "one_done",
    "all_failed",
    "none_skipped",
    "all_skipped",
    "always",
)
EVERY = ("task", "sensor", "deferrable", "branch", "short_circuit")
"""Kinds that may be mapped."""

durations = st.one_of(st.integers(0, 40), st.sampled_from([0, 0.5, 10, 10, 20]))


def maybe(draw: Draw, strategy: st.SearchStrategy[Any], chance: int = 2) -> Any:
    """A value, or None; one time in ``chance`` a value."""
    return draw(strategy) if draw(st.integers(0, chance - 1)) == chance - 1 else None


@st.composite
def cases(draw: Draw, release: int = 3) -> Json:
    """A case for one major release of Airflow."""
    features = frozenset(draw(st.sets(st.sampled_from(FEATURES), min_size=4, max_size=10)))
    case: Json = {"format": 1, "id": "fuzz", "title": "random", "start": START, "end_s": END_S}
    case["config"] = draw(_configs(features, release))
    pools = draw(_pools(features)) if "pools" in features else {}
    if pools:
        case["pools"] = pools
    count = draw(st.integers(1, 3)) if "many_dags" in features else 1
    case["dags"] = [
        _CaseDag(draw, features, sorted(pools), release).dag(f"d{number}")
        for number in draw(st.permutations(range(count)))
    ]
    case["manual_runs"] = [run for dag in case["dags"] for run in _manual_runs(draw, dag, release)]
    return case


@st.composite
def _configs(draw: Draw, features: frozenset[str], release: int) -> Json:
    config: Json = {}
    if "narrow" in features:
        config["parallelism"] = draw(st.integers(1, 5))
        query = maybe(draw, st.integers(1, 5))
        if query:
            config["max_tis_per_query"] = query
    if "pools" in features:
        slots = maybe(draw, st.integers(1, 6), 3)
        if slots:
            config["default_pool_slots"] = slots
    if "reparse" in features:
        config["reparse_every_s"] = draw(st.sampled_from([45, 70, 150, 300]))
    if release == 2 and draw(st.integers(0, 5)) == 5:
        config["mini_scheduler"] = False
    return config


@st.composite
def _pools(draw: Draw, features: frozenset[str]) -> Json:
    pools: Json = {}
    for name in ("p", "q")[: draw(st.integers(1, 2))]:
        pools[name] = {"slots": draw(st.sampled_from([1, 2, 3, 4, 0, -1]))}
        if "defer" in features and draw(st.booleans()):
            pools[name]["include_deferred"] = True
    return pools


def _manual_runs(draw: Draw, dag: Json, release: int) -> list[Json]:
    scheduled = dag.get("schedule") is not None
    times = draw(
        st.lists(st.integers(0, 150), min_size=0 if scheduled else 1, max_size=4, unique=True)
    )
    runs = []
    for number, at_s in enumerate(sorted(times)):
        # off the whole second, where no scheduled run has its date
        run: Json = {"dag_id": dag["dag_id"], "run_id": f"m{number}"}
        run["at_s"] = at_s + 0.25 if scheduled else at_s
        date = maybe(draw, st.integers(1, 28), 6)
        if date:
            run["logical_date"] = f"2023-{number + 1:02d}-{date:02d}T00:00:00+00:00"
        elif release > 2 and draw(st.integers(0, 19)) == 19:
            run["logical_date"] = None
        runs.append(run)
    return runs


class _CaseDag:
    """Draws one DAG; its tasks are listed in a topological order."""

    def __init__(
        self, draw: Draw, features: frozenset[str], pools: list[str], release: int
    ) -> None:
        self.draw, self.features, self.pools, self.release = draw, features, pools, release
        self.tasks: list[Json] = []
        self.groups: list[Json] = []
        self.mapped_group: set[str] = set()
        self.fail_fast = False

    def dag(self, dag_id: str) -> Json:
        draw, features = self.draw, self.features
        dag: Json = {"dag_id": dag_id}
        if "schedule" in features and draw(st.booleans()):
            dag |= draw(_schedules(self.release))
        if "run_limits" in features:
            dag["max_active_tasks"] = draw(st.sampled_from([1, 2, 3, 4, 16]))
            dag["max_active_runs"] = draw(st.sampled_from([1, 2, 3, 16]))
        if "timeout" in features and draw(st.booleans()):
            dag["dagrun_timeout_s"] = draw(st.integers(5, 200))
        if "fail_fast" in features and draw(st.booleans()):
            self.fail_fast = dag["fail_fast"] = True
        self._draw_tasks()
        if self.groups:
            dag["groups"] = self.groups
        dag["tasks"] = self.tasks
        return dag

    def _draw_tasks(self) -> None:
        count = self.draw(st.integers(1, 10))
        names = [f"t{number}" for number in range(count)]
        if self.draw(st.booleans()):
            names.reverse()
        for number, name in enumerate(names):
            earlier = names[max(0, number - 6) : number]
            task: Json = {"task_id": name}
            if earlier:
                task["upstream"] = self.draw(
                    st.lists(st.sampled_from(earlier), max_size=3, unique=True)
                )
            self.tasks.append(task)
        self._draw_kinds()
        if "group" in self.features and count > 1:
            self._draw_group()
        if "expand" in self.features:
            self._draw_expansions()
        if "setup" in self.features:
            self._draw_setup()
        for task in self.tasks:
            self._draw_settings(task)
            if task.get("kind") != "empty":
                task["behaviour"] = self._behaviour(task)

    def _downstream(self, task_id: str) -> list[str]:
        return [t["task_id"] for t in self.tasks if task_id in t.get("upstream", [])]

    def _draw_kinds(self) -> None:
        for task in self.tasks:
            kinds = ["task", "task", "task", "empty"]
            kinds += [k for k in ("sensor",) if k in self.features]
            kinds += ["deferrable"] if "defer" in self.features else []
            if self._downstream(task["task_id"]):
                kinds += [
                    kind
                    for kind in ("branch", "short_circuit", "latest_only")
                    if kind in self.features
                    for _ in range(2)
                ]
            kind = self.draw(st.sampled_from(kinds))
            if kind != "task":
                task["kind"] = kind

    def _draw_group(self) -> None:
        """Put a stretch of the tasks into a group, and perhaps a part of it into an inner one."""
        first = self.draw(st.integers(0, len(self.tasks) - 1))
        last = self.draw(st.integers(first + 1, min(len(self.tasks), first + 4)))
        group: Json = {"group_id": "g"}
        expand = self.draw(st.sampled_from(["literal", "over", None]))
        sources = [t["task_id"] for t in self.tasks[:first] if t.get("kind", "task") == "task"]
        members = self.tasks[first:last]
        if expand == "over" and sources:
            group["expand"] = {"over": self.draw(st.sampled_from(sources))}
        elif expand == "literal":
            group["expand"] = {"literal": self.draw(st.integers(1, 3))}
        self.groups.append(group)
        if "expand" in group:
            self.mapped_group = {task["task_id"] for task in members}
        inner = self.draw(st.integers(0, 3)) == 3
        if inner:
            self.groups.append({"group_id": "h", "parent": "g"})
        for number, task in enumerate(members):
            task["group"] = "h" if inner and number >= len(members) // 2 else "g"

    def _draw_expansions(self) -> None:
        for number, task in enumerate(self.tasks):
            inside = task["task_id"] in self.mapped_group
            if inside or task.get("kind", "task") not in EVERY or not self.draw(st.booleans()):
                continue
            sources = [
                t["task_id"]
                for t in self.tasks[:number]
                if t.get("kind", "task") == "task" and t["task_id"] not in self.mapped_group
            ]
            over = (
                maybe(
                    self.draw,
                    st.lists(st.sampled_from(sources), min_size=1, max_size=2, unique=True),
                )
                if sources
                else None
            )
            if over:
                task["expand"] = {"over": over[0] if len(over) == 1 else over}
            else:
                task["expand"] = {"literal": self.draw(st.integers(0, 3))}

    def _draw_setup(self) -> None:
        """Make one task a setup and a later one its teardown."""
        plain = [
            t
            for t in self.tasks
            if t.get("kind", "task") == "task" and not t.get("group") and not t.get("expand")
        ]
        if len(plain) < 2:
            return
        first = self.draw(st.integers(0, len(plain) - 2))
        setup = plain[first]
        teardown = self.draw(st.sampled_from(plain[first + 1 :]))
        setup["is_setup"] = teardown["is_teardown"] = True
        teardown["setups"] = [setup["task_id"]]
        if self.draw(st.integers(0, 3)) == 3:
            teardown["on_failure_fail_dagrun"] = True

    def _after_setup(self, task: Json) -> bool:
        setups = {t["task_id"] for t in self.tasks if t.get("is_setup")}
        over = (task.get("expand") or {}).get("over", [])
        sources = {over} if isinstance(over, str) else set(over)
        if task.get("group"):
            sources |= {
                group["expand"]["over"]
                for group in self.groups
                if "over" in (group.get("expand") or {})
            }
        return bool(setups & (sources | set(task.get("upstream", []))))

    def _draw_settings(self, task: Json) -> None:
        kind = task.get("kind", "task")
        features = self.features
        may_choose_rule = not (task.get("is_teardown") or self.fail_fast or self._after_setup(task))
        if may_choose_rule and task.get("upstream") and features & {"rules", "skip", "branch"}:
            rules = [*RULES, "all_done_min_one_success"] if self.release > 2 else [*RULES]
            if task["task_id"] in self.mapped_group:
                rules.remove("always")
            self._set(task, "trigger_rule", st.sampled_from(rules))
        if self.pools:
            self._set(task, "pool", st.sampled_from(self.pools))
            self._set(task, "pool_slots", st.integers(1, 3), 4)
        if "weights" in features:
            self._set(task, "priority_weight", st.integers(-3, 9))
            self._set(task, "weight_rule", st.sampled_from(["downstream", "upstream", "absolute"]))
        if "retries" in features and kind != "empty":
            self._set(task, "retries", st.integers(1, 3))
            task["retry_delay_s"] = self.draw(st.sampled_from([5, 0, 20, 45, 0.5]))
        if "backoff" in features and task.get("retries"):
            backoffs = [True, True, 3, 1.5] if self.release > 2 else [True]
            self._set(task, "retry_exponential_backoff", st.sampled_from(backoffs))
            self._set(task, "max_retry_delay_s", st.integers(10, 90), 3)
        if "past" in features:
            past = st.sampled_from(["depends_on_past", "wait_for_downstream"])
            name = maybe(self.draw, past, 3)
            if name:
                task[name] = True
                self._set(task, "ignore_first_depends_on_past", st.booleans(), 4)
        if "task_limits" in features:
            self._set(task, "max_active_tis_per_dag", st.integers(1, 3), 3)
            self._set(task, "max_active_tis_per_dagrun", st.integers(1, 2), 3)
        if "timeout" in features and kind == "task":
            self._set(task, "execution_timeout_s", st.integers(2, 40), 3)
        self._draw_kind_settings(task, kind)

    def _draw_kind_settings(self, task: Json, kind: str) -> None:
        if kind == "short_circuit":
            self._set(task, "ignore_downstream_trigger_rules", st.booleans())
        if kind == "deferrable":
            self._set(task, "timeout_s", st.integers(5, 90), 3)
        if kind == "sensor":
            task["mode"] = self.draw(st.sampled_from(["reschedule", "poke"]))
            task["poke_interval_s"] = self.draw(st.sampled_from([30, 20, 45]))
            self._set(task, "timeout_s", st.integers(10, 200))
            self._set(task, "soft_fail", st.booleans(), 3)

    def _set(
        self, task: Json, name: str, strategy: st.SearchStrategy[Any], chance: int = 2
    ) -> None:
        value = maybe(self.draw, strategy, chance)
        if value is not None:
            task[name] = value

    def _behaviour(self, task: Json) -> list[Json]:
        rules = []
        if task.get("retries") and self.draw(st.booleans()):
            rules.append(self._rule(task, {"try": self.draw(st.integers(1, 2))}, "fail"))
        if (task.get("expand") or task.get("group")) and self.draw(st.booleans()):
            rules.append(self._rule(task, {"map_index": self.draw(st.integers(0, 2))}))
        if self.draw(st.integers(0, 4)) == 4:
            rules.append(self._rule(task, {"run_id": f"m{self.draw(st.integers(0, 2))}"}))
        return [*rules, self._rule(task, {})]

    def _rule(self, task: Json, when: Json, outcome: str | None = None) -> Json:
        draw, kind = self.draw, task.get("kind", "task")
        outcomes = ["success", "success", "success", "success", "fail", "fail_no_retry"]
        if self.features & {"skip", "rules"}:
            outcomes += ["skip"]
        rule: Json = {"duration_s": draw(durations)}
        if when:
            rule["when"] = when
        rule["outcome"] = outcome or draw(st.sampled_from(outcomes))
        if kind == "branch":
            children = self._downstream(task["task_id"])
            rule["follow"] = draw(st.lists(st.sampled_from(children), unique=True))
        elif kind == "short_circuit":
            rule["condition"] = draw(st.booleans())
        elif kind == "sensor":
            rule["duration_s"] = draw(st.sampled_from([1, 0, 2, 5]))
            rule["true_at_s"] = draw(st.integers(0, 60))
            if task.get("timeout_s") and draw(st.booleans()):
                rule["true_at_s"] = None
        elif kind == "deferrable":
            rule["resume_duration_s"] = draw(st.integers(0, 10))
            fires = draw(st.sampled_from(["fire_after_s", "fire_at_s", None]))
            if fires:
                rule[fires] = draw(st.integers(0, 120))
        elif kind == "task":
            rule["length"] = draw(st.integers(0, 3))
        return rule


@st.composite
def _schedules(draw: Draw, release: int) -> Json:
    every = st.builds(lambda seconds: {"every_s": seconds}, st.sampled_from([60, 90, 200]))
    cron = st.builds(lambda text: {"cron": text}, st.sampled_from(["*/2 * * * *", "* * * * *"]))
    schedule = draw(st.one_of(every, cron, st.just("@once")))
    if schedule != "@once":
        families = ["interval", "trigger"]
        if release == 2 and "every_s" in schedule:
            families.remove("trigger")
        family = maybe(draw, st.sampled_from(families))
        if family:
            schedule["timetable"] = family
    dag: Json = {"schedule": schedule, "catchup": draw(st.booleans())}
    dag["start_date"] = draw(
        st.sampled_from([START, "2023-12-31T23:56:00+00:00", "2024-01-01T00:01:30+00:00"])
    )
    end = maybe(draw, st.integers(2, 9))
    if end:
        dag["end_date"] = f"2024-01-01T00:0{end}:00+00:00"
    return dag
