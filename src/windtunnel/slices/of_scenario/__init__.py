"""From a scenario to slices, so that what is proved of them holds of the scenario."""

from windtunnel.slices.of_scenario.calendar import Calendar
from windtunnel.slices.of_scenario.slicing import Carryover, Part, sensors_of, slices_of

__all__ = ["Calendar", "Carryover", "Part", "sensors_of", "slices_of"]
