"""The native form: a fleet in windtunnel's own words, as a file."""

from windtunnel.loaders.native.fleet_file import fleet_toml_schema, is_fleet_file, load_fleet_file

__all__ = ["fleet_toml_schema", "is_fleet_file", "load_fleet_file"]
