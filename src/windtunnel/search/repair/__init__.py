"""Repair: what cures a finding, tried before it is named."""

from windtunnel.search.repair.cures import Repaired, Repairs, repair
from windtunnel.search.repair.patches import with_patches

__all__ = ["Repaired", "Repairs", "repair", "with_patches"]
