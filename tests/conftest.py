"""For all tests: pytest's own tool to run pytest, and a cache of loads of their own."""

import os
import tempfile

pytest_plugins = ["pytester"]

# Set before any test loads DAG files: the user's own cache is neither read nor filled.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="windtunnel-cache-")
