"""Schedules: timetables and assets as DAG files write them, kept as they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from windtunnel.loaders.standin.authoring import DAG
from windtunnel.loaders.standin.known import PythonOperator
from windtunnel.loaders.standin.placeholder import Placeholder
from windtunnel.model.body import WholeContext


class Timetable:
    """Base of timetables; a custom one keeps its arguments and is known by its class name only."""

    description = ""
    periodic = True
    can_be_scheduled = True
    run_ordering = ("data_interval_end", "execution_date")
    active_runs_limit = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.arguments = args
        self.options = kwargs

    def __getattr__(self, name: str) -> Any:
        # Subclasses use what the real ones compute, which no load asks for.
        if name.startswith("__") or name in ("arguments", "options"):
            raise AttributeError(name)
        return Placeholder(f"{type(self).__name__}.{name}")

    def __repr__(self) -> str:
        return type(self).__name__

    def argument(self, position: int, *names: str) -> Any:
        """An argument by its position or any of its names; ``None`` if it wasn't given."""
        for name in names:
            if name in self.options:
                return self.options[name]
        return self.arguments[position] if position < len(self.arguments) else None


class CronDataIntervalTimetable(Timetable):
    """Runs cover the time between two ticks of a cron expression."""


class CronTriggerTimetable(Timetable):
    """Runs are due at the ticks of a cron expression."""


class DeltaDataIntervalTimetable(Timetable):
    """Runs cover a fixed span of time."""


class DeltaTriggerTimetable(Timetable):
    """Runs are due at a fixed distance."""


class OnceTimetable(Timetable):
    """One run."""


class NullTimetable(Timetable):
    """No runs."""


class AssetOrTimeSchedule(Timetable):
    """Runs when a timetable or when assets say so."""


class DatasetOrTimeSchedule(AssetOrTimeSchedule):
    """AssetOrTimeSchedule by its old name."""


class PartitionedAssetTimetable(Timetable):
    """Runs when assets have updated one partition."""


class PartitionedAtRuntime(Timetable):
    """Runs only when somebody asks for one, of a partition that is found out then."""


class _AssetExpression:
    """Assets joined by ``&`` and ``|``."""

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(*_parts(self, AssetAll), other)

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(*_parts(self, AssetAny), other)


def _parts(expression: Any, joint: type[Any]) -> tuple[Any, ...]:
    """What is joined already in the same way, so that ``a | b | c`` is one expression of three."""
    return tuple(expression.objects) if type(expression) is joint else (expression,)


def normalized(uri: str) -> str:
    """A URI as Airflow keeps it: no trailing slash, user, fragment (``assets: _sanitize_uri``)."""
    parts = urlsplit(uri)
    scheme = parts.scheme.lower()
    if not scheme or not uri.lower().startswith(f"{scheme}://") or scheme.startswith("x-"):
        return uri
    query = urlencode(sorted(parse_qsl(parts.query))) if parts.query else ""
    netloc = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/") or "/"
    return urlunsplit((scheme, netloc, path, query, ""))


class Asset(_AssetExpression):
    """Data that a task updates and that can start other DAGs."""

    # Subclasses of a repository's libraries have constructors of their own.
    name: str = ""
    uri: str = ""
    watchers: Sequence[Any] = ()

    def __init__(self, name: Any = None, uri: Any = None, **kwargs: Any) -> None:
        self.name = str(name if name is not None else uri)
        self.uri = normalized(str(uri if uri is not None else name))
        self.group = kwargs.get("group", "asset")
        self.extra = kwargs.get("extra") or {}
        self.watchers = kwargs.get("watchers") or []

    @staticmethod
    def ref(name: Any = None, uri: Any = None) -> Asset:
        """An asset that is defined elsewhere."""
        return Asset(name, uri)

    def __repr__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((self.name, self.uri))


class Dataset(Asset):
    """Asset by its old name."""

    def __init__(self, uri: Any = None, extra: Any = None, **kwargs: Any) -> None:
        super().__init__(kwargs.pop("name", None), uri, extra=extra, **kwargs)


class AssetAlias(_AssetExpression):
    """A name under which tasks find out at run time which assets they updated."""

    def __init__(self, name: str, group: str = "asset") -> None:
        self.name = name
        self.group = group

    def __repr__(self) -> str:
        return self.name


class AssetAll(_AssetExpression):
    """All of these assets."""

    joint = " & "

    def __init__(self, *objects: Any) -> None:
        self.objects = objects

    def __repr__(self) -> str:
        text = self.joint.join(repr(o) for o in self.objects)
        return f"({text})" if len(self.objects) > 1 else text


class AssetAny(AssetAll):
    """Any of these assets."""

    joint = " | "


ASSET_ARGUMENTS = frozenset(("name", "uri", "group", "extra", "watchers", "outlets"))


class AssetDecorator:
    """``@asset``, and ``@asset.multi`` for several: a DAG of one task that updates assets."""

    def __call__(self, *_: Any, **options: Any) -> Callable[[Any], Any]:
        """A decorator of a function that updates the asset of its name."""

        def made(function: Any) -> Asset:
            name = options.get("name") or function.__name__
            updated = Asset(name, options.get("uri"))
            _updating(function, name, [updated], options)
            return updated

        return made

    def multi(self, *_: Any, outlets: Any = (), **options: Any) -> Callable[[Any], Any]:
        """A decorator of a function that updates these assets."""

        def made(function: Any) -> AssetAll:
            _updating(function, options.get("name") or function.__name__, list(outlets), options)
            return AssetAll(*outlets)

        return made


asset = AssetDecorator()


class _AssetMainOperator(PythonOperator):
    """The task of a DAG that ``@asset`` makes."""


def _updating(function: Any, name: str, outlets: list[Any], options: dict[str, Any]) -> None:
    """The DAG of a function under ``@asset``."""
    of_dag = {key: value for key, value in options.items() if key not in ASSET_ARGUMENTS}
    with DAG(name, catchup=False, **of_dag):  # decorators: _DAGFactory.create_dag
        if hasattr(function, "override"):  # it is under @task as well
            function.override(outlets=outlets)()
            return
        asked = _asked_assets(function)
        task = _AssetMainOperator(
            task_id=function.__name__, python_callable=function, outlets=outlets, inlets=asked
        )
        vars(task)["asset_arguments"] = {
            "self": Asset(name, options.get("uri")),
            "context": WholeContext(),
            **{asset.name: asset for asset in asked},
        }


def _asked_assets(function: Any) -> list[Asset]:
    """The assets that a function under ``@asset`` names as its arguments."""
    # assets: _AssetMainOperator.from_definition
    reserved = ("self", "context", "outlet_events")
    return [
        Asset(name)
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in reserved and parameter.default is parameter.empty
    ]
