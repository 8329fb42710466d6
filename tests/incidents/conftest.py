"""Lets the tests here import the files beside them: one for each class of incidents."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
