"""Environment variables by which Airflow tells a task, and what it starts, who it is.

From Airflow: ``sdk/execution_time/context.py: context_to_airflow_vars`` (3.x),
``utils/operator_helpers.py`` (2.x).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PREFIX = "AIRFLOW_CTX_"


def variables_of(context: Mapping[str, Any], *, old: bool) -> dict[str, str]:
    """The variables of a try; ``old``: by the names of 2.x."""
    task, ti, run = context["task"], context["ti"], context["dag_run"]
    email, moment = task.email, run.logical_date
    said = {
        "DAG_EMAIL": ",".join(email) if isinstance(email, list | tuple) else email,
        "DAG_OWNER": task.owner,
        "DAG_ID": ti.dag_id,
        "TASK_ID": ti.task_id,
        "EXECUTION_DATE" if old else "LOGICAL_DATE": moment and moment.isoformat(),
        "TRY_NUMBER": ti.try_number,
        "DAG_RUN_ID": run.run_id,
    }
    return {PREFIX + name: str(value) for name, value in said.items() if value}
