"""Rules of a release: each that differs is told in words, and can be decided as another does."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from windtunnel.model import PROFILES, Cluster
from windtunnel.model.profile import Profile
from windtunnel.model.rules import MEANS, rule_changes

BEFORE, AFTER = PROFILES["airflow-2.11"], PROFILES["airflow-3.3"]


def test_each_rule_is_told_for_each_release():
    assert set(MEANS) == set(Profile.model_fields) - {"name"}
    for change in rule_changes(BEFORE, AFTER):
        assert change.was != change.now


def test_nothing_differs_from_itself():
    assert not list(rule_changes(AFTER, AFTER))


def test_a_cluster_decides_one_rule_as_another_release_does():
    cluster = Cluster(profile="airflow-3.3", rules={"max_active_tasks_per": "dag"})

    assert [one.name for one in rule_changes(AFTER, cluster.airflow)] == ["max_active_tasks_per"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"max_active_task_per": "dag"}, "'max_active_task_per' is none"),
        ({"max_active_tasks_per": "fleet"}, "is run or dag, not 'fleet'"),
        ({"name": "airflow-4"}, "'name' is none"),
    ],
)
def test_what_no_release_decides_is_refused(rules, said):
    with pytest.raises(ValidationError, match=said):
        Cluster(rules=rules)
