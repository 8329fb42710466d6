"""Settings: ``airflow.cfg`` and ``AIRFLOW__SECTION__KEY``, as Airflow itself reads them."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.layer import (
    KNOWN,
    OF_TASKS,
    Layer,
    environment_name,
    read_settings,
)
from windtunnel.loaders.forms import Mistakes
from windtunnel.loaders.text_file import read_text


def from_airflow_cfg(path: Path) -> Layer:
    """What an ``airflow.cfg`` says; settings that have nothing to do with a cluster are left alone.

    Raises:
        InvalidInput: it can't be read, or values in it can't be used; all of them are named.
    """
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(read_text(path), source=path.name)
    except configparser.Error as error:
        said = " ".join(str(error).split())
        raise InvalidInput(f"{path}: not an airflow.cfg: {said}") from None
    layer, mistakes = Layer(path.name), Mistakes(str(path))
    read_settings(layer, {name: dict(parser[name]) for name in parser.sections()}, mistakes)
    mistakes.report()
    return layer


def from_environment(variables: Mapping[str, str]) -> Layer:
    """What environment variables say, such as ``AIRFLOW__CORE__PARALLELISM``.

    Raises:
        InvalidInput: values can't be used; all of them are named.
    """
    layer, mistakes = Layer("environment"), Mistakes("environment")
    names = [(known.section, known.key) for known in KNOWN] + list(OF_TASKS)
    for section, key in names:
        name = environment_name(section, key)
        if name in variables:
            one = {section: {key: variables[name]}}
            read_settings(layer, one, mistakes, path=name)
    mistakes.report()
    return layer
