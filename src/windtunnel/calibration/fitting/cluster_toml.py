"""A calibration as a cluster file: the deployment that its past and its database tell of."""

from __future__ import annotations

from windtunnel.calibration.fitting.toml_lines import lines
from windtunnel.calibration.fitting.values import Calibration
from windtunnel.units import clock


def cluster_toml(calibration: Calibration) -> str:
    """The text of a cluster file, for ``--cluster FILE``."""
    said = [
        "# The deployment, as `windtunnel calibrate` found it.",
        f"# From {calibration.source}, Airflow {calibration.release}:",
    ]
    since, until = calibration.since, calibration.until
    if since is not None and until is not None:
        said.append(f"# {clock(since)} to {clock(until)} UTC.")
    said += [f"# {one}" for one in calibration.platform.said()]
    said += [f"profile = {calibration.cluster.profile!r}".replace("'", '"')]
    said += [line for line in lines(calibration.cluster) if not line.startswith("profile =")]
    return "\n".join(said) + "\n"
