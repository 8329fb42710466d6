"""For all tests: pytest's own tool to run pytest."""

pytest_plugins = ["pytester"]
