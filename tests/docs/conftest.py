"""The tool that makes the reference lies beside the tests, in `docsite`; it is in no wheel."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
