"""What holds of runs that a task triggered and waits for, while nothing moves."""

from __future__ import annotations

from windtunnel.slices.certificate.phases import Phase, triggers_before
from windtunnel.slices.certificate.picture import Instance, Picture, Run
from windtunnel.slices.certificate.terms import FALSE, TRUE, Term, both, either, less, no
from windtunnel.slices.fleet import Step, Trigger, WaitChild


def describe_children(picture: Picture) -> None:
    """Who waits for its run has one that is not over; nobody waits for that of another."""
    chosen: dict[Run, list[Term]] = {}
    for one in picture.instances():
        for body, steps in enumerate(picture.bodies(one)):
            if any(isinstance(step, WaitChild) for step in steps):
                _Parent(picture, one, body, steps, chosen).describe()
    for terms in chosen.values():
        for number, term in enumerate(terms):
            for other in terms[number + 1 :]:
                picture.formula.add(f"(not (and {term} {other}))")


class _Parent:
    """One body of one task instance that waits for runs that it triggers."""

    def __init__(
        self,
        picture: Picture,
        one: Instance,
        body: int,
        steps: tuple[Step, ...],
        chosen: dict[Run, list[Term]],
    ) -> None:
        self.picture, self.one, self.body, self.steps = picture, one, body, steps
        self.chosen = chosen
        self.child: dict[tuple[int, Run], Term] = {}

    def describe(self) -> None:
        """All of its places."""
        picture, one = self.picture, self.one
        loose = (one.run.dag, one.task.name) in picture.loose.passes
        waits = [at for at, step in enumerate(self.steps) if isinstance(step, WaitChild)]
        for phase in picture.phases(one):
            if phase.body != self.body or phase.step is None:
                continue
            there = picture.at(one, phase)
            for at in waits:
                if at < phase.passed and not loose:
                    picture.require(there, self._of(at, "success"))
            if isinstance(self.steps[phase.step], WaitChild) and phase.passed == phase.step:
                picture.require(there, self._still(phase.step, phase))
        if len(picture.bodies(one)) == 1 and not loose:
            for at in waits:
                picture.require(picture.success(one), self._of(at, "success"))
        self._describe_strays()

    def _candidates(self, trigger: int) -> list[Run]:
        step = self.steps[trigger]
        assert isinstance(step, Trigger)
        return list(self.picture.runs(step.dag))[self.picture.unfolding.scheduled(step.dag) :]

    def _is_child(self, trigger: int, run: Run) -> Term:
        """This is the run that this step of the try under way, or that succeeded, created."""
        term = self.child.get((trigger, run))
        if term is None:
            again = " again" if self.body else ""
            term = self.picture.formula.boolean(f"{self.one} {trigger}{again} created {run}")
            self.child[trigger, run] = term
            self.chosen.setdefault(run, []).append(term)
        return term

    def _of(self, at: int, state: str) -> Term:
        """It has a run, and that is so."""
        picture = self.picture
        ways: list[Term] = []
        for trigger in triggers_before(self.steps, at):
            for run in self._candidates(trigger):
                so = {
                    "success": picture.succeeded(run),
                    "not success": no(picture.succeeded(run)),
                    "not over": no(picture.finished(run)),
                }[state]
                ways.append(both(self._is_child(trigger, run), picture.exists(run), so))
        return either(*ways)

    def _still(self, at: int, phase: Phase) -> Term:
        """What keeps it: one that deferred doesn't look at failed runs."""
        if self._may_be_without(at):
            return TRUE
        return self._of(at, "not over" if phase.kind == "blocked" else "not success")

    def _may_be_without(self, at: int) -> bool:
        """Whether no run may have been created, because another one of the DAG was active."""
        triggers = [self.steps[number] for number in triggers_before(self.steps, at)]
        return not triggers or all(
            isinstance(step, Trigger) and step.dedupe and self.picture.unfolding.runs(step.dag) > 1
            for step in triggers
        )

    def _describe_strays(self) -> None:
        picture = self.picture
        for place, number in picture.strays[self.one].items():
            if place.body != self.body or not isinstance(self.steps[place.step], WaitChild):
                continue
            if self._may_be_without(place.step):
                continue
            # Several may stay here, each with a run of its own.
            ways = [
                both(picture.exists(run), no(picture.finished(run)))
                for trigger in triggers_before(self.steps, place.step)
                for run in self._candidates(trigger)
            ]
            picture.require(less("0", number), either(*ways) if ways else FALSE)
