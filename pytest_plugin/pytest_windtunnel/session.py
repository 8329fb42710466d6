"""Session: the hooks of a session in which the DAGs of a folder are to be checked.

Registered only where an option or the ini file names such a folder. Even then nothing is imported
or loaded unless the command line asks for tests of it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Generator, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_windtunnel.arguments import Argument, named_by
from pytest_windtunnel.once import Once
from pytest_windtunnel.session_settings import is_asked_for, places_of

if TYPE_CHECKING:
    from pytest_windtunnel.checked import Checked
    from pytest_windtunnel.checks import Check
    from pytest_windtunnel.items import CheckedFile

SHARED = "windtunnel_shared"
"""What tells a worker of pytest-xdist where the session shares what it made."""


class ChecksOfSession:
    """Collects the checks of whole fleets, and tells at the end what they covered."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._named = named_by(config)
        shared = getattr(config, "workerinput", {}).get(SHARED)
        self._once = Once(Path(shared) if shared else None)
        self._own_folder: Path | None = None

    @cached_property
    def fleets(self) -> list[Checked]:
        """Those that this session is asked to check.

        Raises:
            pytest.UsageError: what names them can't be used.
        """
        wanted = [one for one in places_of(self._config) if self._is_wanted(one.path)]
        if not wanted:
            return []
        for one in wanted:
            one.check()
        from pytest_windtunnel.checked import Checked  # noqa: PLC0415 - now it is used

        return [
            Checked(one.path, self._config, self._once, number) for number, one in enumerate(wanted)
        ]

    def _is_wanted(self, place: Path) -> bool:
        """Whether the command line names it, or nothing, or asks for it beside what it names."""
        if self._named is None or any(one.concerns(_places(place)) for one in self._named):
            return True
        return is_asked_for(self._config)

    def pytest_sessionstart(self) -> None:
        """Say what can't be used before anything is collected."""
        self.fleets  # noqa: B018

    def pytest_report_header(self) -> list[str]:
        """What the checks start from, if there are any."""
        if not self.fleets:
            return []
        from pytest_windtunnel.summary import header  # noqa: PLC0415 - now it is used

        return [header(self._config, one) for one in self.fleets]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give the workers of pytest-xdist on this machine a folder to share."""
        if not node.gateway.spec.popen or not self.fleets:
            return
        if self._own_folder is None:
            self._own_folder = Path(tempfile.mkdtemp(prefix="windtunnel-session-"))
            self._once.folder = self._own_folder
        node.workerinput[SHARED] = str(self._own_folder)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Take from pytest's arguments those that only checks understand.

        Raises:
            pytest.UsageError: one names a check that there isn't.
        """
        if self._named is not None and self.fleets and not self._distributes:
            rest = [one.text for one in self._named if not self._is_only_ours(one)]
            session.config.args[:] = rest

    @property
    def _distributes(self) -> bool:
        """Whether others collect and run."""
        return self._config.pluginmanager.hasplugin("dsession")

    def _is_only_ours(self, argument: Argument) -> bool:
        if any(fleet.checks().is_unknown for fleet in self._concerned(argument)):
            return not self._is_test_file(argument.path)  # the one test that says why shows it
        listed = [check for fleet in self.fleets for check in fleet.checks().checks]
        own = [one for one in listed if _asks_for(argument, one)]
        if argument.name:
            if not own:
                self._refuse_misspelt(argument, listed)
            return bool(own)
        return bool(own) and argument.path.is_file() and not self._is_test_file(argument.path)

    def _concerned(self, argument: Argument) -> list[Checked]:
        return [fleet for fleet in self.fleets if argument.concerns(_places(fleet.place))]

    def _refuse_misspelt(self, argument: Argument, listed: Iterable[Check]) -> None:
        there = [check for check in listed if Path(os.path.realpath(check.file)) == argument.path]
        if there and not self._is_test_file(argument.path):
            names = ", ".join(dict.fromkeys(one.subject or one.name for one in there))
            raise pytest.UsageError(f"not found: {argument.text} (there are: {names})")

    def _is_test_file(self, path: Path) -> bool:
        return any(path.match(pattern) for pattern in self._config.getini("python_files"))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the files with checks to what a session collects, after its ordinary tests."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result = [
                *report.result,
                *(file for fleet in self.fleets for file in self._files(collector, fleet)),
            ]
        return report

    def _files(self, session: pytest.Session, fleet: Checked) -> Iterable[CheckedFile]:
        from pytest_windtunnel.items import CheckedFile  # noqa: PLC0415 - now it is used

        chosen: dict[Path, list[Check]] = {}
        for check in fleet.checks().checks:
            if self._wants(fleet, check):
                chosen.setdefault(check.file, []).append(check)
        for file, checks in chosen.items():
            nodeid = os.path.relpath(file, self._config.rootpath).replace(os.sep, "/")
            yield CheckedFile.from_parent(
                session, path=file, nodeid=nodeid, checks=tuple(checks), checked=fleet
            )

    def _wants(self, fleet: Checked, check: Check) -> bool:
        named = [one for one in self._named or () if one.concerns(_places(fleet.place))]
        return not named or fleet.checks().is_unknown or any(_asks_for(one, check) for one in named)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Simulate before the first check that runs, outside of any limit of a single test."""
        settle = getattr(item, "settle_check", None)
        if settle is not None and not self._config.getoption("setuponly", False):
            settle()
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What was covered, assumed and not counted; nothing if nothing was simulated."""
        if not self.fleets:
            return
        from pytest_windtunnel.summary import write  # noqa: PLC0415 - now it is used

        write(terminalreporter, self.fleets)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            from pytest_windtunnel.annotations import annotate  # noqa: PLC0415 - if it is used

            annotate(terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        if self._own_folder is not None:
            shutil.rmtree(self._own_folder, ignore_errors=True)


def _asks_for(argument: Argument, check: Check) -> bool:
    return argument.asks_for(Path(os.path.realpath(check.file)), check.subject, check.name)


def _places(place: Path) -> list[Path]:
    """The path, and the folder of DAG files that a scenario file names."""
    file = place / "scenario.toml" if place.is_dir() else place
    places = [place if place.is_dir() else file]
    if file.suffix == ".toml" and file.is_file():
        try:
            dags = tomllib.loads(file.read_text(encoding="utf-8")).get("dags", ".")
        except (OSError, ValueError):  # told with its line where it is loaded
            dags = "."
        places += [file.parent / dags] if isinstance(dags, str) else []
    return [Path(os.path.realpath(one)) for one in places]
