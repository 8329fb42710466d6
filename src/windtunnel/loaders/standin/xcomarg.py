"""XComArg: a task's result, standing in a DAG file for the value that it will have at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from windtunnel.loaders.standin.edges import Node

RETURN_VALUE = "return_value"


class Reference:
    """A value that is known only at run time and comes from tasks."""

    def sources(self) -> Iterator[Any]:
        """The tasks whose results it is made from."""
        raise NotImplementedError


class XComArg(Reference, Node):
    """The result of one task, or one key of it."""

    def __init__(self, operator: Any, key: str = RETURN_VALUE) -> None:
        self.operator = operator
        self.key = key

    def sources(self) -> Iterator[Any]:
        """The one task."""
        yield self.operator

    @property
    def roots(self) -> Sequence[Any]:
        """The task itself."""
        return list(self.sources())

    @property
    def leaves(self) -> Sequence[Any]:
        """The task itself."""
        return list(self.sources())

    def __getitem__(self, item: str) -> XComArg:
        if not isinstance(item, str):
            raise TypeError(f"XComArg only supports str lookup, received {type(item).__name__}")
        return XComArg(self.operator, item)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a task's result can't be looped over in a DAG file; use .expand()")

    def __str__(self) -> str:
        task = self.operator
        return (
            f"{{{{ task_instance.xcom_pull(task_ids='{task.task_id}', dag_id='{task.dag_id}', "
            f"key='{self.key}') }}}}"
        )

    def __enter__(self) -> Any:
        self.operator.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self.operator.__exit__(*exc)

    def map(self, f: Callable[[Any], Any]) -> MapXComArg:
        """Each item passed through a function."""
        return MapXComArg(self, f)

    def zip(self, *others: Any, fillvalue: Any = None) -> ZipXComArg:
        """Items of several results side by side."""
        return ZipXComArg((self, *others), fillvalue)

    def concat(self, *others: Any) -> ConcatXComArg:
        """Items of several results one after the other."""
        return ConcatXComArg((self, *others))

    def as_setup(self) -> XComArg:
        """Make the tasks behind it setup tasks."""
        for task in self.sources():
            task.as_setup()
        return self

    def as_teardown(self, **kwargs: Any) -> XComArg:
        """Make the tasks behind it teardown tasks."""
        for task in self.sources():
            task.as_teardown(**kwargs)
        return self

    @property
    def is_setup(self) -> bool:
        """Whether its task is a setup task."""
        return bool(self.operator.is_setup)

    @property
    def is_teardown(self) -> bool:
        """Whether its task is a teardown task."""
        return bool(self.operator.is_teardown)


class _Derived(XComArg):
    """A result computed from others."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)
        super().__init__(next(iter(self.sources()), None))

    def sources(self) -> Iterator[Any]:
        """The tasks of all its parts."""
        for part in self.parts:
            yield from references(part)

    def __getitem__(self, item: str) -> XComArg:
        raise TypeError("a mapped, zipped or joined result has no keys")


class MapXComArg(_Derived):
    """A result of which each item is passed through a function."""

    def __init__(self, source: XComArg, function: Callable[[Any], Any]) -> None:
        super().__init__((source,))
        self.function = function


class ZipXComArg(_Derived):
    """Several results side by side."""

    def __init__(self, parts: Sequence[Any], fillvalue: Any) -> None:
        super().__init__(parts)
        self.fillvalue = fillvalue


class ConcatXComArg(_Derived):
    """Several results one after the other."""


class MappedArgument(Reference):
    """Inside a mapped task group: one item of what the group is mapped over."""

    def __init__(self, group: Any, name: str, value: Any) -> None:
        self.group = group
        self.name = name
        self.value = value

    def sources(self) -> Iterator[Any]:
        """The tasks behind what the group is mapped over."""
        yield from references(self.value)

    def __getitem__(self, item: Any) -> MappedArgument:
        return MappedArgument(self.group, self.name, self.value)


def references(value: Any) -> Iterator[Any]:
    """The tasks whose results occur in a value, however deep in lists and mappings."""
    if isinstance(value, Reference):
        yield from value.sources()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from references(item)
