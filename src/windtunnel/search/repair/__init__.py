"""Repair: what cures a finding, tried before it is named."""

from windtunnel.search.repair.repair import Repaired, Repairs, repair

__all__ = ["Repaired", "Repairs", "repair"]
