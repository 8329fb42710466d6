"""What there is: frozen values with a file form. No behaviour over time."""

from windtunnel.model.behavior import Behavior, Rule, Uniform, When
from windtunnel.model.cluster import Cluster, Pool, WorkerGroup
from windtunnel.model.dag import (
    Assumption,
    Branch,
    Dag,
    Deferrable,
    Empty,
    ExternalTaskSensor,
    Fleet,
    Kind,
    LatestOnly,
    Problem,
    Sensor,
    ShortCircuit,
    Task,
    TaskGroup,
    TriggerDagRun,
    TriggerRule,
    WeightRule,
    Work,
)
from windtunnel.model.loop import SchedulerLoop
from windtunnel.model.profile import PROFILES, Profile
from windtunnel.model.scenario import ManualRun, Scenario
from windtunnel.model.schedule import (
    AssetCondition,
    Assets,
    Cron,
    Every,
    Once,
    OtherSchedule,
    Schedule,
)
from windtunnel.model.xcom import XComBackend

__all__ = [
    "PROFILES",
    "AssetCondition",
    "Assets",
    "Assumption",
    "Behavior",
    "Branch",
    "Cluster",
    "Cron",
    "Dag",
    "Deferrable",
    "Empty",
    "Every",
    "ExternalTaskSensor",
    "Fleet",
    "Kind",
    "LatestOnly",
    "ManualRun",
    "Once",
    "OtherSchedule",
    "Pool",
    "Problem",
    "Profile",
    "Rule",
    "Scenario",
    "Schedule",
    "SchedulerLoop",
    "Sensor",
    "ShortCircuit",
    "Task",
    "TaskGroup",
    "TriggerDagRun",
    "TriggerRule",
    "Uniform",
    "WeightRule",
    "When",
    "Work",
    "WorkerGroup",
    "XComBackend",
]
