"""What goes wrong in a test: the verbs of `windtunnel.faults`, on the fixture."""

from __future__ import annotations

import windtunnel as wt


class Verbs:
    """Each gives a frozen fault for ``faults=[...]``; see `windtunnel.faults`."""

    fail = staticmethod(wt.fail)
    time_out = staticmethod(wt.time_out)
    hang = staticmethod(wt.hang)
    slow_down = staticmethod(wt.slow_down)
    run_out_of_memory = staticmethod(wt.run_out_of_memory)
    lose_heartbeat = staticmethod(wt.lose_heartbeat)
    lose_result = staticmethod(wt.lose_result)
    lose_in_executor = staticmethod(wt.lose_in_executor)
    delay_data = staticmethod(wt.delay_data)
    lose_worker = staticmethod(wt.lose_worker)
    lose_spot_worker = staticmethod(wt.lose_spot_worker)
    drain_worker = staticmethod(wt.drain_worker)
    fill_disk = staticmethod(wt.fill_disk)
    exhaust = staticmethod(wt.exhaust)
    resize_pool = staticmethod(wt.resize_pool)
    delete_pool = staticmethod(wt.delete_pool)
    stop_resource = staticmethod(wt.stop_resource)
    resize_resource = staticmethod(wt.resize_resource)
    pause_dag = staticmethod(wt.pause_dag)
    unpause_dag = staticmethod(wt.unpause_dag)
    clear = staticmethod(wt.clear)
    mark_task = staticmethod(wt.mark_task)
    mark_run = staticmethod(wt.mark_run)
    change_dag = staticmethod(wt.change_dag)
    stop_scheduler = staticmethod(wt.stop_scheduler)
    pause_scheduler = staticmethod(wt.pause_scheduler)
    lose_scheduler = staticmethod(wt.lose_scheduler)
    stop_database = staticmethod(wt.stop_database)
    slow_database = staticmethod(wt.slow_database)
    stop_api_server = staticmethod(wt.stop_api_server)
    stop_broker = staticmethod(wt.stop_broker)
    stop_triggerer = staticmethod(wt.stop_triggerer)
    lose_triggerer = staticmethod(wt.lose_triggerer)
    stop_dag_processor = staticmethod(wt.stop_dag_processor)
    leak_executor_slots = staticmethod(wt.leak_executor_slots)
    jump_clock = staticmethod(wt.jump_clock)
    ignore_max_active_runs = staticmethod(wt.ignore_max_active_runs)
