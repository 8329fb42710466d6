"""Arguments: templates rendered, results of other tasks filled in, one item for each map index."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from windtunnel.execute.store import RETURN_VALUE
from windtunnel.execute.templates import Templates
from windtunnel.execute.xcoms import XComs
from windtunnel.model.body import (
    Body,
    GroupItem,
    JoinedItems,
    MappedItems,
    ResultOf,
    WholeContext,
    ZippedItems,
)


class XComNotFoundError(LookupError):
    """A task has no XCom under the key that is asked for (``airflow.exceptions.XComNotFound``)."""


class NotMappableError(TypeError):
    """A task is mapped over something that has no items."""


class Arguments:
    """What one try is called with."""

    def __init__(
        self,
        body: Body,
        xcoms: XComs,
        context: Mapping[str, Any],
        splits: Callable[[str], bool],
    ) -> None:
        self._body, self._xcoms = body, xcoms
        self._map_index: int = context["ti"].map_index
        self._context = context
        self._splits = splits
        """Whether a task's result is split into one XCom for each key."""
        self._templates = Templates(body.task)

    def positional(self) -> list[Any]:
        """For the function, by place."""
        return [self.value(a) for a in self._body.args]

    def named(self) -> dict[str, Any]:
        """For the function, by name."""
        return {name: self.value(v) for name, v in self._body.kwargs.items()}

    def fields(self) -> dict[str, Any]:
        """The operator's template fields."""
        return {name: self.value(v) for name, v in self._body.fields.items()}

    def item(self) -> dict[str, Any]:
        """What this instance of a mapped task is mapped over."""
        body = self._body
        if body.expand is not None:
            lists = {name: self.value(values) for name, values in body.expand.items()}
            return _item_of_product(lists, self._map_index)
        if body.expand_kwargs is not None:
            return dict(_items(self.value(body.expand_kwargs))[self._map_index])
        return {}

    def render(self, content: Any, context: Mapping[str, Any], *_: Any, **__: Any) -> Any:
        """``task.render_template``: the templates in a value, with a context of one's own."""
        if isinstance(content, str):
            return self._templates.render(content, context)
        return self.value(content)

    def value(self, value: Any) -> Any:
        """A value with everything that is known only now filled in; results are never rendered."""
        if isinstance(value, str):
            return self._templates.render(value, self._context)
        if isinstance(value, ResultOf):
            return self._result(value)
        if isinstance(value, MappedItems):
            return [value.function(item) for item in _items(self.value(value.source))]
        if isinstance(value, ZippedItems):
            lists = [_items(self.value(source)) for source in value.sources]
            if value.fillvalue is None:
                return list(zip(*lists, strict=False))
            return list(itertools.zip_longest(*lists, fillvalue=value.fillvalue))
        if isinstance(value, JoinedItems):
            return [item for source in value.sources for item in _items(self.value(source))]
        if isinstance(value, GroupItem):
            return self._of_group(value)
        if isinstance(value, WholeContext):
            return self._context
        return self._inside(value)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.value(item) for item in value))
        if type(value) in (list, tuple, set):
            return type(value)(self.value(item) for item in value)
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return value

    def _result(self, wanted: ResultOf) -> Any:
        found = self._xcoms.result(wanted.task_id, wanted.key)
        if found is None and wanted.key not in (None, RETURN_VALUE):
            there = self._xcoms.has(wanted.task_id, str(wanted.key))
            if not there and not self._splits(wanted.task_id):
                raise XComNotFoundError(
                    f"{wanted.task_id} pushed no XCom {wanted.key!r}. The keys of a dict that a "
                    "task returns are XComs of their own only with multiple_outputs=True, or if "
                    "the function is annotated to return a dict"
                )
        return found

    def _of_group(self, wanted: GroupItem) -> Any:
        source = wanted.source
        if isinstance(source, Mapping):
            lists = {name: self.value(values) for name, values in source.items()}
            return _item_of_product(lists, self._map_index)[wanted.name]
        return _items(self.value(source))[self._map_index][wanted.name]


def _items(value: Any) -> list[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise NotMappableError(f"a task is mapped over {value!r}, which is no list or dict")
    return list(value.items()) if isinstance(value, Mapping) else list(value)


def _item_of_product(lists: dict[str, Any], index: int) -> dict[str, Any]:
    """The arguments of one instance of a cross product: the last one varies fastest."""
    chosen: dict[str, Any] = {}
    for name in reversed(lists):
        items = _items(lists[name])
        index, at = divmod(index, len(items))
        chosen[name] = items[at]
    return chosen


def with_context(
    function: Callable[..., Any],
    args: list[Any],
    kwargs: dict[str, Any],
    context: Mapping[str, Any],
) -> dict[str, Any]:
    """The arguments plus those context variables that the function asks for by name."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        taken = list(parameters)[: len(args)]
        return {**{k: v for k, v in context.items() if k not in taken}, **kwargs}
    named = list(parameters)[len(args) :]
    return {**{name: context[name] for name in named if name in context}, **kwargs}
