"""What docs/reference/executors.md shows is what people get."""

import re
from pathlib import Path

import pytest

from shown import blocks
from windtunnel.loaders import read_cluster
from windtunnel.model import CelerySettings, KubernetesSettings, LocalSettings

DOC = (Path(__file__).parents[3] / "docs" / "reference" / "executors.md").read_text("utf-8")
BLOCKS = [(one.language, one.text) for one in blocks(DOC)]


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "toml"])
def test_each_example_of_a_cluster_file_can_be_read(tmp_path, text):
    (tmp_path / "cluster.toml").write_text(text)
    assert read_cluster(tmp_path / "cluster.toml").workers


def test_both_forms_of_the_first_example_are_the_same(tmp_path):
    (_, toml), (_, python), *_ = BLOCKS
    (tmp_path / "cluster.toml").write_text(toml)
    found = {}
    exec(compile(python, "docs/reference/executors.md", "exec"), found)
    assert read_cluster(tmp_path / "cluster.toml") == found["cluster"]


@pytest.mark.parametrize("settings", [LocalSettings, CelerySettings, KubernetesSettings])
def test_every_setting_is_in_a_table(settings):
    tables = "".join(line for line in DOC.splitlines() if line.startswith("| `"))
    for name in settings.model_fields:
        assert re.search(rf"\b{name.removesuffix('_s')}`", tables), name
