"""The verbs that ask what a real Airflow did: calibrate, backtest."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from windtunnel import calibration, loaders
from windtunnel.api import Progress, instant, scenario_of
from windtunnel.calibration import Calibration
from windtunnel.errors import InvalidInput
from windtunnel.loaders.shapes import one_of
from windtunnel.model import Cluster, Fleet, Scenario
from windtunnel.sweep import HERE, Backend, Kept, read_backend

__all__ = ["Calibration", "backtest", "calibrate"]


def backtest(
    target: Scenario | Fleet | None,
    source: str | Path,
    *,
    cluster: Cluster | str | Path | None = None,
    learn_from: str | Path | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    mode: calibration.Mode = "calibrated",
    trials: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    backend: Backend | str = HERE,
    kept: Kept | None = None,
) -> calibration.Backtest:
    """Simulate a window of the past from what was known before it, and compare with what happened.

    Args:
        target: The DAGs, and the deployment as far as it is known; None: the DAGs that the database
            keeps.
        source: Where the past is kept: the URL of Airflow's metadata database, the path of its
            SQLite file, or an export.
        cluster: The deployment, or the path of a cluster file. Its release and its pools are those
            of the database, and what its scheduler and executor take is learned from the past.
        learn_from: Another past to learn from, such as one of before the settings were changed; by
            default what is known of the same one before the window.
        since: Where the window begins; by default the last half of what is known, seven days at
            most; with another past to learn from, all of it.
        until: Where it ends.
        mode: ``"calibrated"``, or ``"replayed"``: with the durations that were measured in the
            window itself, so that only the scheduler's model is tested.
        trials: How many simulations; by default 40, fewer of a large window.
        seed: Of the first of them.
        progress: Told how far it is.
        backend: Where it is simulated: ``"processes=4"``, ``"dask=tcp://head:8786"`` or ``"ray"``.
            It has no influence on what comes out.
        kept: Where what was simulated is kept, so that an interrupted backtest can go on.

    Raises:
        InvalidInput: the past can't be read, the window is empty, nothing of it is in the fleet,
            nothing was known before it, or the backend can't be used.
    """
    on = read_backend(backend) if isinstance(backend, str) else backend
    one_of("mode", mode, (str,), "calibrated or replayed")
    if target is None and not loaders.is_database(source) and Path(source).exists():
        raise InvalidInput(
            f"{source}: an export doesn't keep the DAGs; name them, too, as in: windtunnel "
            f"backtest dags/ --from {source}"
        )
    # First, as it says which extra is missing.
    past = calibration.read_past(source)
    dags = loaders.load(source).fleet if target is None else target
    scenario = scenario_of(dags, cluster=cluster)
    return calibration.backtest(
        past,
        scenario.fleet,
        calibration.as_recorded(scenario.cluster, past, source),
        learn_from=None if learn_from is None else calibration.read_past(learn_from),
        since=None if since is None else instant(since, f"since {since}"),
        until=None if until is None else instant(until, f"until {until}"),
        mode=mode,
        trials=trials,
        seed=seed,
        tell=progress,
        on=on,
        kept=kept,
    )


def calibrate(
    source: str | Path,
    target: Scenario | Fleet | None = None,
    *,
    cluster: Cluster | str | Path | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Fit what tasks do to what a real Airflow did; its ``behavior`` and its ``cluster`` can be
    simulated.

    Args:
        source: The URL of Airflow's metadata database, the path of its SQLite file, or an export: a
            folder of CSV or Parquet tables, or one file of task instances. It is only read.
        target: The DAGs of today; None: those that the database keeps, if it is one.
        cluster: The deployment, or the path of a cluster file, as far as it is known.
        since: Only dag runs that began from then on.
        until: ... and before.
        progress: Told what is being done.

    Raises:
        InvalidInput: there is no such past, nothing ran in it, or SQLAlchemy, SciPy or a driver is
            not installed.
    """
    first = None if since is None else instant(since, f"since {since}")
    last = None if until is None else instant(until, f"until {until}")
    if progress is not None:
        progress("Reading", 0, 1)
    past = calibration.read_past(source, since=first, until=last)
    if target is None and loaders.is_database(source):
        target = loaders.load(source).fleet
    scenario = scenario_of(Fleet() if target is None else target, cluster=cluster)
    deployment = calibration.as_recorded(scenario.cluster, past, source)
    fleet = scenario.fleet if scenario.fleet.dags else None
    return calibration.calibrate(past, fleet, deployment, tell=progress)
