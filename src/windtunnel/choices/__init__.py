"""Where two things could go either way, somebody chooses: the questions, and who may answer them.

The engine and the slices ask; a calm, random, steering or replaying `Choices` answers.
"""

from windtunnel.choices.calm import Calm
from windtunnel.choices.choices import Actor, Choices
from windtunnel.choices.delay import Delay
from windtunnel.choices.even import Even
from windtunnel.choices.hints import Hints, Meeting
from windtunnel.choices.portfolio import STRATEGIES, Portfolio
from windtunnel.choices.priorities import Priorities
from windtunnel.choices.rendezvous import Rendezvous
from windtunnel.choices.script import Answer, Recorder, Replayed
from windtunnel.choices.straggler import Straggler
from windtunnel.choices.strategy import Drawn, Noted, Strategy
from windtunnel.choices.stream import Stream
from windtunnel.choices.swarm import Swarm

__all__ = [
    "STRATEGIES",
    "Actor",
    "Answer",
    "Calm",
    "Choices",
    "Delay",
    "Drawn",
    "Even",
    "Hints",
    "Meeting",
    "Noted",
    "Portfolio",
    "Priorities",
    "Recorder",
    "Rendezvous",
    "Replayed",
    "Straggler",
    "Strategy",
    "Stream",
    "Swarm",
]
