"""What other tools are given of a simulation: tables in a folder, spans sent to a collector."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.result import Result

OTEL = "otel"
TABLES = ("arrow", "parquet")
NEEDS = {
    "arrow": ("pyarrow", "arrow"),
    "parquet": ("pyarrow", "arrow"),
    OTEL: ("opentelemetry.exporter.otlp.proto.http", "otel"),
}
"""By form, the module that gives it on, and the extra that brings that."""


@dataclass(slots=True)
class HandOver:
    """To whom a simulation is handed over; empty: to nobody."""

    tables: list[tuple[str, Path]] = field(default_factory=list)
    """Format and folder."""
    collectors: list[str] = field(default_factory=list)
    """Addresses that take OTLP over HTTP."""

    def takes(self, form: str, place: str) -> bool:
        """Whether this is what *form* and *place* ask for; it is kept then.

        Raises:
            InvalidInput: an extra is missing.
        """
        sent = form == OTEL and place.startswith(("http://", "https://"))
        if (form in TABLES or sent) and not _is_there(NEEDS[form][0]):
            module, extra = NEEDS[form]
            raise InvalidInput(
                f"--report {form}={place}: needs {module}; pip install 'windtunnel[{extra}]'"
            )
        if form in TABLES:
            self.tables.append((form, Path(place)))
        elif sent:
            self.collectors.append(place)
        else:
            return False
        return True

    def give(self, result: Result) -> None:
        """Hand it over.

        Raises:
            InvalidInput: a file can't be written, or a collector doesn't answer.
        """
        if not self.tables and not self.collectors:
            return
        from windtunnel.report import exports  # noqa: PLC0415 - nobody else waits for it

        for form, folder in self.tables:
            try:
                exports.table_files(result, folder, form)
            except OSError as error:
                said = f"--report {form}={folder}: can't be written: {error.strerror}"
                raise InvalidInput(said) from None
        for address in self.collectors:
            exports.send(exports.spans(result), address)


def _is_there(module: str) -> bool:
    with suppress(ModuleNotFoundError):  # of what it is in
        return find_spec(module) is not None
    return False
