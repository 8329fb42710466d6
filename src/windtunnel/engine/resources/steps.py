"""Steps: from what a rule says to the course of one try, with all that is drawn for it."""

from __future__ import annotations

from windtunnel.engine.resources.course import Course, Deed
from windtunnel.engine.tries.handover import hand_over
from windtunnel.engine.world import World
from windtunnel.model import Distribution, ExternalTaskSensor, Rule, Sensor, Step

OWN: tuple[Deed, ...] = (Deed("own"),)


def has_course(rule: Rule) -> bool:
    """Whether a try under this rule does more than work for a while."""
    return bool(rule.needs) or rule.steps is not None or bool(rule.cpus)


def course_of(world: World, rule: Rule, ti: int, kind: object) -> Course | None:
    """The course of the try that a task instance now begins; None if it has none. A sensor takes
    its steps before each poke, or before it begins to wait."""
    if not has_course(rule):
        return None
    filled = _Names(world, ti)
    needs = (Deed("need", filled.of(name), name, 0, n) for name, n in rule.needs.items())
    deeds = OWN
    if rule.steps is not None:
        deeds = tuple(
            _deed(world, step, number, ti, filled) for number, step in enumerate(rule.steps)
        )
        if isinstance(kind, Sensor | ExternalTaskSensor):
            deeds += OWN
    about = (*world.name_of(ti), world.tries[ti])
    cpus = world.luck.amount(rule.cpus or 0.0, about, "cpus")
    return Course(tuple(needs), deeds, round(cpus * 1000))


class _Names:
    """Fills in what stands in braces."""

    def __init__(self, world: World, ti: int) -> None:
        dag, run, task, index = world.name_of(ti)
        self._values = {"dag": dag, "run": run, "task": task, "map_index": str(index)}
        self.xcom = f"xcom {dag}.{{}} {run}"

    def of(self, name: str) -> str:
        if "{" in name:
            for key, value in self._values.items():
                name = name.replace(f"{{{key}}}", value)
        return name


def _deed(world: World, step: Step, number: int, ti: int, filled: _Names) -> Deed:
    about = (*world.name_of(ti), world.tries[ti])

    def drawn_us(given: float | Distribution | None) -> int:
        return world.luck.length_us(given, f"step {number}", about)

    us, unless = drawn_us(step.work_s), filled.of(step.unless or "")
    for verb in ("acquire", "release"):
        if (name := getattr(step, verb)) is not None:
            return Deed(verb, filled.of(name), name, 0, step.slots, unless)
    for verb in ("read", "write", "append", "done_if"):
        if (name := getattr(step, verb)) is not None:
            return Deed(verb, filled.of(name), "", us, 1, unless)
    if step.push is not None:
        takes, why = hand_over(world, ti, step.push)
        own = filled.xcom.format(world.name_of(ti)[2])
        return Deed("push", own, "", takes, step.push, unless, why)
    if step.pull is not None:
        return Deed("pull", filled.xcom.format(step.pull), "", 0, 1, unless)
    if step.defer_s is not None:
        return Deed("defer", "", "", drawn_us(step.defer_s), 1, unless)
    if step.trigger is not None:
        return Deed("trigger", step.trigger, "", 0, 1, unless)
    if step.fail is not None:
        fails = world.luck.happens(step.fail, about, f"step {number}")
        return Deed("fail", "", "", 0, int(fails), unless)
    return Deed("work", "", "", us, 1, unless)
