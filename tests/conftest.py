"""For all tests: pytest's own tool to run pytest, a cache of loads, and the modules beside this."""

import os
import sys
import tempfile
from pathlib import Path

pytest_plugins = ["pytester"]

# Set before any test loads DAG files: the user's own cache is neither read nor filled.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="windtunnel-cache-")

# Where a GitHub workflow runs these tests, what they print is not for its log.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
    os.environ.pop(name, None)

sys.path.insert(0, str(Path(__file__).parent))
