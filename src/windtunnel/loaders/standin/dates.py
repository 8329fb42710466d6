"""Dates: ``days_ago``, ``airflow.utils.timezone`` and a small pretend ``pendulum``."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed_offset
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.placeholder import Survivor, member


def now() -> DateTime:
    """The moment that the load takes for now."""
    session.current().assume("now", f"{session.current().now.isoformat()} while DAG files load")
    return DateTime.of(session.current().now)


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> Any:
    """Midnight UTC, some days before now, plus a time of day."""
    day = (
        now()
        .astimezone(UTC)
        .replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    )
    return day - timedelta(days=n)


def zone(name: Any = "UTC") -> tzinfo:
    """A timezone by its name."""
    if isinstance(name, tzinfo):
        return name
    if name is None or isinstance(name, Survivor) or str(name).upper() == "UTC":
        return UTC
    if isinstance(name, int | float):
        return fixed_offset(timedelta(hours=name))
    return ZoneInfo(str(name))


class Duration(timedelta):
    """A timedelta with pendulum's names."""

    def __new__(cls, years: float = 0, months: float = 0, **parts: float) -> Duration:
        """Years count as 365 days and months as 30, as pendulum counts them in a duration."""
        parts["days"] = parts.get("days", 0) + 365 * years + 30 * months
        return super().__new__(cls, **parts)

    def in_seconds(self) -> int:
        """Its length in seconds."""
        return int(self.total_seconds())

    def total_minutes(self) -> float:
        """Its length in minutes."""
        return self.total_seconds() / 60

    def total_hours(self) -> float:
        """Its length in hours."""
        return self.total_seconds() / 3600

    def total_days(self) -> float:
        """Its length in days."""
        return self.total_seconds() / 86400


class DateTime(datetime):
    """A datetime with pendulum's methods, as far as DAG files use them at import time."""

    @classmethod
    def of(cls, value: datetime) -> DateTime:
        """The same instant."""
        return cls(
            value.year,
            value.month,
            value.day,
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
            tzinfo=value.tzinfo,
            fold=value.fold,
        )

    def add(self, years: int = 0, months: int = 0, **parts: float) -> DateTime:
        """Later by so much."""
        month = self.month - 1 + months + 12 * years
        year, month = self.year + month // 12, month % 12 + 1
        day = min(self.day, calendar.monthrange(year, month)[1])
        return DateTime.of(self.replace(year=year, month=month, day=day) + timedelta(**parts))

    def subtract(self, years: int = 0, months: int = 0, **parts: float) -> DateTime:
        """Earlier by so much."""
        return self.add(-years, -months, **{name: -value for name, value in parts.items()})

    def start_of(self, unit: str) -> DateTime:
        """The beginning of its hour, day, week, month or year."""
        if unit == "hour":
            return DateTime.of(self.replace(minute=0, second=0, microsecond=0))
        day = DateTime.of(datetime.combine(self.date(), time(), self.tzinfo))
        if unit == "week":
            return day.subtract(days=day.weekday())
        return DateTime.of(
            day.replace(
                day=1 if unit in ("month", "year") else day.day,
                month=1 if unit == "year" else day.month,
            )
        )

    def end_of(self, unit: str) -> DateTime:
        """The last microsecond of its hour, day, week, month or year."""
        step = {"month": {"months": 1}, "year": {"years": 1}}.get(unit, {f"{unit}s": 1})
        return self.start_of(unit).add(**step).subtract(microseconds=1)

    def in_timezone(self, tz: Any) -> DateTime:
        """The same instant in another timezone."""
        return DateTime.of(self.astimezone(zone(tz)))

    in_tz = in_timezone

    def set(self, tz: Any = None, **parts: Any) -> DateTime:
        """With some of its parts replaced."""
        if tz is not None:
            parts["tzinfo"] = zone(tz)
        return DateTime.of(self.replace(**parts))

    def at(self, hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> DateTime:
        """At another time of the same day."""
        return self.set(hour=hour, minute=minute, second=second, microsecond=microsecond)

    def to_iso8601_string(self, *_: Any, **__: Any) -> str:
        """As ISO 8601, whatever the format asked for."""
        return self.isoformat()

    format = to_datetime_string = to_iso8601_string

    def to_date_string(self) -> str:
        """As ``2026-01-31``."""
        return self.date().isoformat()

    @property
    def timezone(self) -> tzinfo | None:
        """Its timezone."""
        return self.tzinfo

    @property
    def timezone_name(self) -> str | None:
        """Name of its timezone."""
        return getattr(self.tzinfo, "key", None) or str(self.tzinfo)

    @property
    def day_of_week(self) -> int:
        """0 is Monday."""
        return self.weekday()

    @property
    def int_timestamp(self) -> int:
        """Seconds since 1970."""
        return int(self.timestamp())


def make_datetime(
    year: int, month: int, day: int, *parts: Any, tz: Any = "UTC", **more: Any
) -> Any:
    """``pendulum.datetime``: in UTC unless another timezone is given."""
    tz = more.pop("tzinfo", tz)
    return DateTime.of(datetime(year, month, day, *parts, **more).replace(tzinfo=zone(tz)))


def local(*parts: Any, **more: Any) -> Any:
    """``pendulum.local``."""
    return make_datetime(*parts, **more)


def parse(text: str, timezone: Any = None, tz: Any = None, **_: Any) -> Any:
    """An ISO 8601 text; UTC, or the timezone given, if it names none."""
    value = datetime.fromisoformat(text)
    return DateTime.of(value if value.tzinfo else value.replace(tzinfo=zone(timezone or tz)))


def today(tz: Any = "UTC") -> Any:
    """Midnight of today."""
    return now().in_timezone(tz).start_of("day")


def from_timestamp(timestamp: float, tz: Any = "UTC") -> Any:
    """An instant from seconds since 1970."""
    return DateTime.of(datetime.fromtimestamp(timestamp, zone(tz)))


def instance(value: datetime, tz: Any = "UTC") -> Any:
    """A pendulum datetime from any other."""
    return DateTime.of(value if value.tzinfo else value.replace(tzinfo=zone(tz)))


def make_aware(value: datetime, timezone: Any = None) -> datetime:
    """A naive datetime as one of a timezone, UTC by default."""
    return value.replace(tzinfo=zone(timezone))


def is_naive(value: datetime) -> bool:
    """Whether it has no timezone."""
    return value.tzinfo is None


def is_localized(value: datetime) -> bool:
    """Whether it has a timezone."""
    return value.tzinfo is not None


def convert_to_utc(value: datetime | None) -> datetime | None:
    """The same instant in UTC."""
    return value and (value if value.tzinfo else make_aware(value)).astimezone(UTC)


def coerce_datetime(value: datetime | None, tz: Any = None) -> Any:
    """A pendulum datetime, or ``None``."""
    return value and instance(value, tz)


class _Pendulum(ModuleType):
    """Pretend ``pendulum``: the parts of it that DAG files use at import time."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__.update(
            DateTime=DateTime,
            Date=date,
            Time=time,
            Duration=Duration,
            Timezone=ZoneInfo,
            datetime=make_datetime,
            local=local,
            duration=Duration,
            timezone=zone,
            local_timezone=lambda: UTC,
            now=lambda tz="UTC": now().in_timezone(tz),
            today=today,
            tomorrow=lambda tz="UTC": today(tz).add(days=1),
            yesterday=lambda tz="UTC": today(tz).subtract(days=1),
            parse=parse,
            instance=instance,
            from_timestamp=from_timestamp,
            date=date,
            time=time,
            UTC=UTC,
            utc=UTC,
            MONDAY=0,
            SUNDAY=6,
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return member(f"{self.__name__}.{name}")


def is_pretend(module: object) -> bool:
    """Whether a module is a pretend ``pendulum``."""
    return isinstance(module, _Pendulum)


def pretend_pendulum(name: str) -> ModuleType:
    """A pretend ``pendulum`` or a module inside it."""
    return _Pendulum(name)


TIMEZONE_NAMES: dict[str, Any] = {
    "utcnow": now,
    "datetime": make_datetime,
    "parse": parse,
    "make_aware": make_aware,
    "is_naive": is_naive,
    "is_localized": is_localized,
    "convert_to_utc": convert_to_utc,
    "coerce_datetime": coerce_datetime,
    "utc": UTC,
    "parse_timezone": zone,
}
"""What ``airflow.utils.timezone`` offers."""
