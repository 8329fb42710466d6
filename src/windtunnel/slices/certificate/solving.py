"""Solver: z3, asked with facts as assumptions. z3 is an extra, and imported only here."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from windtunnel.errors import InvalidInput
from windtunnel.slices.certificate.terms import Formula, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Solver:
    """One formula; facts are assumed as asked."""

    def __init__(self, formula: Formula, effort: int) -> None:
        self._z3 = _z3()
        # A context of its own, so that nothing that was asked before has a say in the answer.
        self._context = self._z3.Context()
        self._solver = self._z3.SolverFor("QF_LIA", ctx=self._context)
        # Counted in steps of its own, not in time: the answer is the same on any machine.
        self._solver.set("rlimit", effort)
        self._sorts = formula.declared
        self._solver.from_string(formula.text())
        self._model: Any = None
        self._core: tuple[Term, ...] = ()

    def ask(self, facts: Iterable[Term]) -> str:
        """sat, unsat or unknown, with these facts assumed."""
        terms = tuple(facts)
        answer = str(self._solver.check(*(self._boolean(term) for term in terms)))
        if answer == "unsat":
            names = {str(one) for one in self._solver.unsat_core()}
            self._core = tuple(term for term in terms if term.strip("|") in names)
        elif answer == "sat":
            self._model = self._solver.model()
        return answer

    def core(self, always: Iterable[Term] = ()) -> tuple[Term, ...]:
        """Facts that the last unsat rests on, of which none can be left out, beside those that are
        *always* assumed."""
        given = tuple(always)
        needed = [term for term in self._core if term not in given]
        for term in tuple(needed):
            if term in needed:
                fewer = [other for other in needed if other != term]
                if self.ask((*fewer, *given)) == "unsat":
                    needed = [other for other in fewer if other in self._core]
        return tuple(needed)

    def why_unknown(self) -> str:
        """What the solver says of its giving up."""
        return str(self._solver.reason_unknown())

    def holding(self, terms: Sequence[Term]) -> list[bool]:
        """Which of these hold in the state that was found."""
        script = [f"(declare-fun {name} () {sort})" for name, sort in self._sorts.items()]
        script += [f"(assert (or false {term}))" for term in terms]
        parsed = self._z3.parse_smt2_string("\n".join(script), ctx=self._context)
        values = (self._model.eval(one, model_completion=True) for one in parsed)
        return [bool(self._z3.is_true(value)) for value in values]

    def _boolean(self, term: Term) -> Any:
        return self._z3.Bool(term.strip("|"), ctx=self._context)


def has_solver() -> bool:
    """Whether z3 is installed."""
    return find_spec("z3") is not None


def _z3() -> Any:
    try:
        import z3  # noqa: PLC0415
    except ImportError as error:
        raise InvalidInput("proving needs z3: pip install 'windtunnel[prove]'") from error
    return z3
