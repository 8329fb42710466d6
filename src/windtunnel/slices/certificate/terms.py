"""Terms and formulas in SMT-LIB, as text: anybody can check them again, with whichever solver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Term = str
TRUE: Term = "true"
FALSE: Term = "false"


def both(*terms: Term) -> Term:
    """All of these."""
    return _joined("and", terms, TRUE, FALSE)


def either(*terms: Term) -> Term:
    """At least one of these."""
    return _joined("or", terms, FALSE, TRUE)


def _joined(word: str, terms: tuple[Term, ...], neutral: Term, final: Term) -> Term:
    if final in terms:
        return final
    left = list(dict.fromkeys(term for term in terms if term != neutral))
    if not left:
        return neutral
    return left[0] if len(left) == 1 else f"({word} {' '.join(left)})"


def no(term: Term) -> Term:
    """Not this."""
    if term in (TRUE, FALSE):
        return FALSE if term == TRUE else TRUE
    return f"(not {term})"


def implies(condition: Term, term: Term) -> Term:
    """If the one, then the other."""
    if condition == FALSE or term == TRUE:
        return TRUE
    return term if condition == TRUE else f"(=> {condition} {term})"


def number(value: int) -> Term:
    """A whole number."""
    return str(value) if value >= 0 else f"(- {-value})"


def times(term: Term, factor: int) -> Term:
    """So many times this integer."""
    return term if factor == 1 else f"(* {number(factor)} {term})"


def plus(*terms: Term) -> Term:
    """The sum of integers."""
    left = [term for term in terms if term != "0"]
    if not left:
        return "0"
    return left[0] if len(left) == 1 else f"(+ {' '.join(left)})"


def count(weighted: Iterable[tuple[Term, int]]) -> Term:
    """The sum of the weights of those terms that are true."""
    return plus(
        *(
            number(weight) if term == TRUE else f"(ite {term} {number(weight)} 0)"
            for term, weight in weighted
            if term != FALSE and weight != 0
        )
    )


def at_most(left: Term, right: Term) -> Term:
    """``left <= right``."""
    return f"(<= {left} {right})"


def less(left: Term, right: Term) -> Term:
    """``left < right``."""
    return f"(< {left} {right})"


@dataclass(frozen=True, order=True)
class Fact:
    """A setting that is as it is: what a proof may rest on."""

    setting: str
    bound: Literal["at least", "at most"]
    value: int

    def __str__(self) -> str:
        return f"{self.setting} {'>=' if self.bound == 'at least' else '<='} {self.value}"


@dataclass
class Formula:
    """Declarations and assertions; facts are literals that may be assumed, or not."""

    declared: dict[str, str] = field(default_factory=dict)
    """Symbol -> sort, in the order of their declaration."""
    asserted: list[Term] = field(default_factory=list)
    facts: dict[Term, Fact] = field(default_factory=dict)

    def boolean(self, name: str) -> Term:
        """A new proposition."""
        return self._declare(name, "Bool")

    def integer(self, name: str, low: int, high: int | None = None) -> Term:
        """A new integer in this range."""
        term = self._declare(name, "Int")
        self.add(at_most(number(low), term))
        if high is not None:
            self.add(at_most(term, number(high)))
        return term

    def sum_of(self, name: str, term: Term) -> Term:
        """A name for a sum, so that it is written once."""
        if term.lstrip("-").isdigit():
            return term
        named = self._declare(name, "Int")
        self.add(f"(= {named} {term})")
        return named

    def fact(self, setting: str, bound: Literal["at least", "at most"], value: int) -> Term:
        """A setting is as it is; the same literal for whoever names it."""
        fact = Fact(setting, bound, value)
        term = symbol(str(fact))
        if term not in self.facts:
            self._declare(str(fact), "Bool")
            self.facts[term] = fact
        return term

    def add(self, term: Term) -> None:
        """This holds."""
        if term != TRUE:
            self.asserted.append(term)

    def _declare(self, name: str, sort: str) -> Term:
        term = symbol(name)
        assert term not in self.declared, name
        self.declared[term] = sort
        return term

    def text(self) -> str:
        """Everything but the question, in SMT-LIB 2."""
        lines = ["(set-logic QF_LIA)"]
        lines += [f"(declare-fun {name} () {sort})" for name, sort in self.declared.items()]
        lines += [f"(assert {term})" for term in self.asserted]
        return "\n".join(lines) + "\n"

    def script(self, goal: tuple[Term, ...] = ()) -> str:
        """The whole question: is there such a state if all facts hold. unsat: there is none."""
        return self.text() + f"(check-sat-assuming ({' '.join((*self.facts, *goal))}))\n"


def symbol(name: str) -> Term:
    """A quoted symbol; names can hold anything but bars and backslashes."""
    return f"|{name.replace('|', '/').replace(chr(92), '/')}|"
