"""Backends in words."""

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.sweep import HERE, Backend, processes, read_backend


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        ("here", HERE),
        ("processes", Backend("processes")),
        ("processes=4", Backend("processes", 4)),
        ("processes=1", HERE),
        ("dask=tcp://head:8786", Backend("dask", address="tcp://head:8786")),
        ("ray", Backend("ray")),
        ("ray=ray://head:10001", Backend("ray", address="ray://head:10001")),
    ],
)
def test_a_backend_is_said_in_a_few_letters(text: str, backend: Backend) -> None:
    assert read_backend(text) == backend
    if backend != HERE:
        assert str(backend) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dask", "dask=tcp://HOST:8786"),
        ("dask=", "Name its scheduler"),
        ("spark", "none of this name"),
        ("ray=", "none of this name"),
        ("processes=many", "from 1 to 1000, not 'many'"),
        ("processes=0", "not '0'"),
        ("processes=", "not ''"),
    ],
)
def test_what_is_no_backend_is_told(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_backend(text)


def test_workers_are_processes_of_this_machine() -> None:
    assert processes(3) == Backend("processes", 3)
    assert processes(1) == HERE
    assert processes(None).workers is None
