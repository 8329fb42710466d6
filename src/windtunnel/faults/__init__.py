"""What goes wrong, as verbs that give a frozen fault: ``fail("etl.load", tries=1)``.

Each takes times as people write them: ``at="+10m"`` or ``at="02:10"``, ``for_="30m"``,
``every="1d"``. Faults go into a list: ``faults=[fail("etl.load"), lose_worker(at="+10m")]``. What
they name is looked up where they are simulated, and refused if it is not there.
"""

from windtunnel.faults.control_plane import (
    ignore_max_active_runs,
    jump_clock,
    leak_executor_slots,
    lose_scheduler,
    lose_triggerer,
    pause_scheduler,
    slow_database,
    stop_api_server,
    stop_broker,
    stop_dag_processor,
    stop_database,
    stop_scheduler,
    stop_triggerer,
)
from windtunnel.faults.making import Instant, Length, Share
from windtunnel.faults.people import (
    change_dag,
    clear,
    delete_pool,
    mark_run,
    mark_task,
    pause_dag,
    resize_pool,
    unpause_dag,
)
from windtunnel.faults.resources import (
    AnyFault,
    Exhausted,
    exhaust,
    resize_resource,
    settled,
    stop_resource,
)
from windtunnel.faults.tasks import (
    delay_data,
    fail,
    hang,
    lose_heartbeat,
    lose_in_executor,
    lose_result,
    run_out_of_memory,
    slow_down,
    time_out,
)
from windtunnel.faults.workers import drain_worker, fill_disk, lose_spot_worker, lose_worker

VERBS = (
    fail, time_out, hang, slow_down, run_out_of_memory, lose_heartbeat, lose_result,
    lose_in_executor, delay_data,
    lose_worker, lose_spot_worker, drain_worker, fill_disk,
    exhaust, resize_pool, delete_pool, stop_resource, resize_resource,
    pause_dag, unpause_dag, clear, mark_task, mark_run, change_dag,
    stop_scheduler, pause_scheduler, lose_scheduler, stop_database, slow_database, stop_api_server,
    stop_broker, stop_triggerer, lose_triggerer, stop_dag_processor, leak_executor_slots,
    jump_clock, ignore_max_active_runs,
)  # fmt: skip
"""All of them, by what is struck."""

__all__ = [
    "VERBS", "AnyFault", "Exhausted", "Instant", "Length", "Share", "change_dag", "clear",
    "delay_data", "delete_pool", "drain_worker", "exhaust", "fail", "fill_disk", "hang",
    "ignore_max_active_runs", "jump_clock", "leak_executor_slots", "lose_heartbeat",
    "lose_in_executor", "lose_result", "lose_scheduler", "lose_spot_worker", "lose_triggerer",
    "lose_worker", "mark_run", "mark_task", "pause_dag", "pause_scheduler", "resize_pool",
    "resize_resource", "run_out_of_memory", "settled", "slow_database", "slow_down",
    "stop_api_server", "stop_broker", "stop_dag_processor", "stop_database", "stop_resource",
    "stop_scheduler", "stop_triggerer", "time_out", "unpause_dag",
]  # fmt: skip
