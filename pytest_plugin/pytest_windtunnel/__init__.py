"""The pytest plugin of windtunnel; `pytest_windtunnel.plugin` is what pytest loads."""
