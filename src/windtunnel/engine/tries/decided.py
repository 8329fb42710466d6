"""Decided: what a try decides for those downstream, as its rule says or by chance.

By chance, it is drawn once for each task instance: a retry decides the same.
"""

from __future__ import annotations

from windtunnel.engine.world import World
from windtunnel.model import OneOf, Rule
from windtunnel.model.behavior import names_in

About = tuple[object, ...]
LITTLE = 1e-9


def decides_by_chance(rule: Rule) -> bool:
    """Whether anything of it is drawn."""
    drawn = bool(rule.follow_shares) or rule.condition_share is not None
    return drawn or isinstance(rule.length, OneOf)


def followed_by(world: World, rule: Rule, about: About) -> tuple[str, ...] | str | None:
    """What a branch follows. The likeliest is what it usually does."""
    if not rule.follow_shares:
        return rule.follow
    ways = sorted(rule.follow_shares.items(), key=lambda way: (-way[1], way[0]))
    nothing = 1 - sum(share for _, share in ways)
    if nothing > LITTLE:
        ways = sorted([*ways, ("", nothing)], key=lambda way: (-way[1], way[0]))
    left = 1.0
    for number, (key, share) in enumerate(ways[:-1]):
        if not world.luck.happens(1 - share / left, about, "follow", number):
            return tuple(names_in(key))
        left = max(left - share, LITTLE)
    return tuple(names_in(ways[-1][0]))


def is_true(world: World, rule: Rule, about: About) -> bool:
    """What a short circuit finds."""
    if rule.condition_share is None:
        return rule.condition
    return not world.luck.happens(1 - rule.condition_share, about, "condition")


def length_of(world: World, rule: Rule, about: About) -> int:
    """How many items there are in a result."""
    if isinstance(rule.result, list | dict):
        return len(rule.result)
    if isinstance(rule.length, OneOf):
        return round(world.luck.amount(rule.length, about, "length"))
    return rule.length
