"""Deployed: what a deployment's scheduler and executor take, and what its database says of it."""

from windtunnel.calibration.deployed.known import as_recorded
from windtunnel.calibration.deployed.platform import Platform, platform_of

__all__ = ["Platform", "as_recorded", "platform_of"]
