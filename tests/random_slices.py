"""Random small fleets in the form of slices, each with some of the form's features and not others.

With all features at once nearly every fleet deadlocks for a dull reason; so first it is drawn which
features a fleet has.
"""

from __future__ import annotations

from random import Random
from typing import Any

Form = dict[str, Any]

FEATURES = {
    "sensors": 0.6,
    "locks": 0.45,
    "run locks": 0.15,
    "triggers": 0.3,
    "dedupe": 0.3,
    "assets": 0.15,
    "faults": 0.45,
    "retry body": 0.25,
    "retries": 0.5,
    "clears": 0.15,
    "always cleared": 0.3,
    "timeouts": 0.12,
    "workers": 0.2,
    "queues": 0.3,
    "parallelism": 0.25,
    "second pool": 0.3,
    "include_deferred": 0.35,
    "multi slots": 0.15,
    "run limits": 0.5,
    "task limits": 0.2,
    "instance limits": 0.15,
    "past": 0.2,
    "all_done": 0.2,
    "no catchup": 0.15,
    "jitter": 0.4,
    "priorities": 0.3,
    "odd targets": 0.1,
    "tight": 0.4,
}


THEMES = (
    {"locks", "faults", "retries"},
    {"locks", "faults", "retry body", "retries"},
    {"locks", "faults", "sensors", "retries"},
    {"locks", "run locks", "faults", "retries"},
    {"locks", "run locks", "clears", "faults"},
    {"locks", "timeouts", "sensors"},
    {"sensors", "include_deferred", "tight", "deferring"},
    {"sensors", "include_deferred", "second pool", "deferring"},
    {"sensors", "workers", "parallelism"},
    {"sensors", "workers", "tight", "second pool"},
    {"sensors", "workers", "queues", "tight"},
    {"sensors", "run limits", "jitter", "several runs"},
    {"sensors", "run limits", "no catchup", "several runs"},
    {"sensors", "run limits", "past", "faults", "several runs"},
    {"sensors", "clears", "faults", "run limits"},
    {"triggers", "run limits", "tight"},
    {"triggers", "faults", "retries", "dedupe"},
    {"past", "faults", "clears", "run limits", "several runs"},
    {"all_done", "faults", "sensors"},
    {"assets", "sensors", "faults"},
)
"""Features that have to come together before anything goes wrong; half of all fleets have one."""


class FleetMaker:
    """One fleet."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.has = {name for name, share in FEATURES.items() if random.random() < share}
        if random.random() < 0.5:
            extra = random.sample(sorted(FEATURES), random.choice((0, 0, 1)))
            self.has = {*random.choice(THEMES), *extra}
        tight = "tight" in self.has
        self.pools = {"default_pool": random.choice((1, 1, 2) if tight else (2, 3, 4, 9))}
        if "second pool" in self.has:
            self.pools["other"] = random.choice((1, 2) if tight else (2, 3, 9))
        self.locks: Form = {}
        if "locks" in self.has:
            for name in ("A", "B", "C")[: random.choice((1, 2, 2, 3))]:
                self.locks[name] = {
                    "capacity": random.choice((1, 1, 2)),
                    "on_crash": random.choice(("leak", "release")),
                }
        self.names = ["a", "b", "c"][: random.choice((1, 2, 2, 3))]
        self.max_faults = random.choice((1, 1, 2)) if self._fails() else 0

    def _fails(self) -> bool:
        return "faults" in self.has or "clears" in self.has

    def make(self) -> Form:
        """The fleet in its form."""
        random = self.random
        settings: Form = {"max_faults": self.max_faults, "zombie_timeout": random.choice((1, 2))}
        if "parallelism" in self.has:
            settings["parallelism"] = random.choice((1, 2, 3))
        if {"clears", "always cleared"} <= self.has:
            settings["clear_always"] = True
        if random.random() < 0.3:
            settings["max_active_tasks_scope"] = "dag"
        form: Form = {"settings": settings, "pools": self.pools, "locks": self.locks}
        if "include_deferred" in self.has:
            form["pools_include_deferred"] = [random.choice(list(self.pools))]
        if "workers" in self.has:
            form["worker_slots"] = {"default": random.choice((1, 2, 3))}
            if "queues" in self.has:
                form["worker_slots"]["big"] = random.choice((1, 2))
        dags = {name: self._dag(name) for name in self.names}
        if "triggers" in self.has:
            dags["child"] = self._dag("child")
        if "assets" in self.has:
            dags["consumer"] = self._dag("consumer")
        form["dags"] = dags
        return form

    def _dag(self, name: str) -> Form:
        random = self.random
        dag: Form = {"at": []}
        if name in self.names:
            runs = random.choice((1, 2, 3) if "several runs" in self.has else (1, 1, 1, 2))
            dag["at"] = sorted(random.choice((0, 0, 1, 3)) for _ in range(runs))
            if "jitter" in self.has and random.random() < 0.6:
                dag["jitter"] = [0, random.choice((1, 2))]
        if name == "consumer":
            dag["on_assets"] = random.choice((["x"], ["x"], ["x", "y"]))
        if "run limits" in self.has and random.random() < 0.6:
            dag["max_active_runs"] = random.choice((1, 1, 2))
        if "task limits" in self.has and random.random() < 0.6:
            dag["max_active_tasks"] = random.choice((1, 2))
        if "no catchup" in self.has:
            dag["catchup"] = False
        if "timeouts" in self.has and random.random() < 0.6:
            dag["dagrun_timeout"] = random.choice((1, 3, 6))
            dag["kill_lag"] = random.choice((0, 1, 2))
        if "clears" in self.has and random.random() < 0.7:
            dag["clear_after"] = random.choice((1, 2))
        count = random.choice((1, 1, 2, 2, 3)) if name in self.names else random.choice((1, 1, 2))
        tasks: Form = {}
        for number in range(count):
            tasks[f"t{number}"] = self._task(name, [f"t{n}" for n in range(number)])
        dag["tasks"] = tasks
        return dag

    def _task(self, dag: str, before: list[str]) -> Form:
        random, has = self.random, self.has
        task = self._body(dag)
        task["after"] = [other for other in before if random.random() < 0.5]
        if "all_done" in has and random.random() < 0.5:
            task["trigger_rule"] = "all_done"
        if "retries" in has and random.random() < 0.6:
            task["retries"] = random.choice((1, 1, 2))
        if "second pool" in has and random.random() < 0.5:
            task["pool"] = "other"
        if "multi slots" in has and random.random() < 0.4:
            task["slots"] = 2
        if "queues" in has and random.random() < 0.4:
            task["queue"] = "big"
        if "instance limits" in has and random.random() < 0.5:
            task["max_active_tis"] = 1
        if "past" in has and random.random() < 0.5:
            task["depends_on_past"] = True
            task["wait_for_downstream"] = random.random() < 0.5
        if "priorities" in has:
            task["priority"] = random.choice((1, 2, 5))
        if "assets" in has and dag != "consumer" and random.random() < 0.5:
            task["updates"] = random.choice((["x"], ["y"], ["x", "y"]))
        return task

    def _body(self, dag: str) -> Form:
        random, has = self.random, self.has
        draw = random.random()
        mode = random.choice(("poke", "poke", "poke", "defer", "reschedule"))
        if "deferring" in has and random.random() < 0.7:
            mode = "defer"
        if "sensors" in has and draw < 0.3:
            return {"op": "sensor", "waits_for": self._target(dag), "mode": mode}
        if "triggers" in has and dag != "child" and draw < 0.5:
            wait = random.random() < 0.75
            mode = "defer" if mode == "defer" else "poke"
            dedupe = "dedupe" in has and random.random() < 0.5
            return {"op": "trigger", "dag": "child", "wait": wait, "mode": mode, "dedupe": dedupe}
        if draw < 0.8 and (has & {"locks", "faults", "retry body"}):
            task: Form = {"steps": self._steps(dag), "mode": mode}
            if "retry body" in has and random.random() < 0.6:
                task["retry_steps"] = self._steps(dag)
        else:
            task = {"op": "work", "duration": random.choice(([1, 1], [1, 2], [1, 3]))}
        if "faults" in has and random.random() < 0.6:
            last = len(task.get("steps", [0]))
            kinds = random.choice((["fail"], ["crash"], ["part"], ["fail", "part"]))
            task["faults"] = [[kind, random.randint(0, last)] for kind in kinds]
        return task

    def _steps(self, dag: str) -> list[Any]:
        """Balanced, as far as locks go, in three of four."""
        random, has = self.random, self.has
        steps: list[Any] = [["work", 1, 2]] if random.random() < 0.4 else []
        closing: list[Any] = []
        for lock in random.sample(sorted(self.locks), random.randint(0, min(2, len(self.locks)))):
            by_run = ["run"] if "run locks" in has and random.random() < 0.5 else []
            units = min(self.locks[lock]["capacity"], random.choice((1, 1, 2)))
            steps.append(["acquire", lock, units, *by_run])
            self._middle(dag, steps)
            if random.random() < 0.85:
                closing.insert(0, ["release", lock, units, *by_run])
        self._middle(dag, steps)
        if random.random() < 0.1 and self.locks:
            steps.insert(0, ["release", sorted(self.locks)[0], 1, "run"])
        if "triggers" in has and dag != "child" and random.random() < 0.2:
            steps += [["trigger", "child"], ["work", 1, 1], ["wait_child"]]
        return steps + closing or [["work", 1, 1]]

    def _middle(self, dag: str, steps: list[Any]) -> None:
        draw = self.random.random()
        if "sensors" in self.has and draw < 0.2:
            steps.append(["wait", self._target(dag)])
        elif draw < 0.6:
            steps.append(["work", 1, self.random.choice((1, 2))])
        elif draw < 0.65:
            steps.append(["effect", "mail"])

    def _target(self, dag: str) -> Form:
        random = self.random
        others = [name for name in self.names if name != dag] or list(self.names)
        if random.random() < 0.15 and "triggers" in self.has:
            others = ["child"]
        wait: Form = {"dag": random.choice(others)}
        if random.random() < 0.7:
            wait["task"] = "t0"
        if random.random() < 0.2:
            wait["offset"] = -1
        elif random.random() < 0.3:
            wait["run"] = 0
        if "odd targets" in self.has and random.random() < 0.5:
            odd = ({"dag": "ghost"}, {"task": "ghost"}, {"run": 7}, {"offset": 3}, {"dag": dag})
            wait.update(random.choice(odd))
        return wait


def random_fleet(random: Random) -> Form:
    """A small fleet in its file form."""
    return FleetMaker(random).make()
