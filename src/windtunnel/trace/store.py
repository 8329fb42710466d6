"""The file form of a trace: JSON lines with a version, one header and one line for each event.

Other tools can read it line by line; two equal traces are equal byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.trace.decisions import Decision
from windtunnel.trace.trace import AssetEvent, LostRun, NotCarried, Output, RunRecord, Stray, Trace

FORMAT = "windtunnel.trace/1"
KINDS = (
    "trace",
    "run",
    "task_instance",
    "event",
    "binding",
    "executor",
    "refused",
    "asset_event",
    "consumed",
    "pause",
    "touch",
    "hold",
    "triggered",
    "lost_run",
    "output",
    "not_carried",
    "stray",
    "decision",
)


def dump(trace: Trace) -> Iterator[str]:
    """The lines of a trace. Snapshots are not kept: the scenario brings them back."""
    yield _line(
        "trace",
        format=FORMAT,
        start=trace.start.isoformat(),
        end_us=trace.end_us,
        complete=trace.complete,
        dag_ids=trace.dag_ids,
        task_ids=trace.task_ids,
        pools=trace.pools,
        past=[sorted(tasks.items()) for tasks in trace.past],
        **({"struck": trace.struck} if trace.struck else {}),
    )
    for record in trace.runs:
        yield _line(
            "run",
            dag=record.dag,
            run_id=record.run_id,
            run_type=record.run_type,
            logical_date=_text(record.logical_date),
            run_after=record.run_after.isoformat(),
            created_us=record.created_us,
            data_interval=record.data_interval and [d.isoformat() for d in record.data_interval],
            **({} if record.number is None else {"number": record.number}),
        )
    columns = (trace.ti_run, trace.ti_task, trace.ti_map, trace.ti_weight)
    for run, task, index, weight in zip(*columns, strict=True):
        yield _line("task_instance", run=run, task=task, map_index=index, weight=weight)
    for number, (at, who, state) in enumerate(trace.history):
        reason = trace.reasons.get(number)
        extra = {} if reason is None else {"reason": reason}
        yield _line("event", at_us=at, who=who, state=state, **extra)
    for limit, begin, end in trace.bindings:
        yield _line("binding", limit=limit, from_us=begin, to_us=end)
    for run, until in trace.held_runs.items():
        yield _line("held_run", run=run, until_us=until)
    for at, what in trace.refused:
        yield _line("refused", at_us=at, what=what)
    for update in trace.asset_events:
        yield _line("asset_event", **asdict(update))
    for run, taken in trace.consumed.items():
        yield _line("consumed", run=run, events=taken)
    for at, who, what in trace.executor_events:
        yield _line("executor", at_us=at, who=who, what=what)
    for ti, resource, begin, end in trace.pauses:
        yield _line("pause", ti=ti, resource=resource, from_us=begin, to_us=end)
    for at, ti, try_number, kind, dataset in trace.touches:
        yield _line(
            "touch", at_us=at, ti=ti, try_number=try_number, what=int(kind), dataset=dataset
        )
    for at, ti, try_number, resource, change in trace.holds:
        yield _line(
            "hold", at_us=at, ti=ti, try_number=try_number, resource=resource, change=change
        )
    for run, ti in trace.triggered_by.items():
        yield _line("triggered", run=run, ti=ti)
    for lost in trace.lost_runs:
        yield _line("lost_run", **asdict(lost) | {"due": _text(lost.due)})
    for output in trace.output:
        yield _line("output", **asdict(output))
    for value in trace.not_carried:
        yield _line("not_carried", **asdict(value))
    for stray in trace.strays:
        yield _line("stray", **asdict(stray))
    for decision in trace.decisions:
        # "kind" is what sort of line this is.
        yield _line("decision", **_renamed(asdict(decision), "kind", "about"))


def parse(lines: Iterable[str]) -> Trace:
    """The trace of these lines.

    Raises:
        InvalidInput: a line is no line of a trace of this version; the message names it.
    """
    trace: Trace | None = None
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            kind = values.pop("kind")
            if trace is None:
                trace = _header(kind, values)
            else:
                _add(trace, kind, values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(
                f"line {number} is no line of a {FORMAT} file ({error}): {line.strip()[:80]}"
            ) from error
    if trace is None:
        raise InvalidInput(f"the file is empty; a {FORMAT} file begins with a header line")
    return trace


def _line(kind: str, **values: Any) -> str:
    return json.dumps({"kind": kind, **values}, separators=(",", ":"), ensure_ascii=True)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _header(kind: str, values: dict[str, Any]) -> Trace:
    if kind != "trace" or values["format"] != FORMAT:
        raise ValueError(f"the first line must say format {FORMAT}")
    return Trace(
        start=datetime.fromisoformat(values["start"]),
        end_us=values["end_us"],
        complete=values["complete"],
        dag_ids=tuple(values["dag_ids"]),
        task_ids=tuple(tuple(ids) for ids in values["task_ids"]),
        pools=tuple(tuple(names) for names in values["pools"]),
        past=tuple({task: tuple(ups) for task, ups in tasks} for tasks in values.get("past", ())),
        struck=list(values.get("struck", ())),
    )


def _add(trace: Trace, kind: str, values: dict[str, Any]) -> None:
    if kind == "event":
        if "reason" in values:
            trace.reasons[len(trace.history)] = values["reason"]
        trace.history.log(values["at_us"], values["who"], values["state"])
    elif kind == "task_instance":
        trace.ti_run.append(values["run"])
        trace.ti_task.append(values["task"])
        trace.ti_map.append(values["map_index"])
        trace.ti_weight.append(values["weight"])
    elif kind == "run":
        trace.runs.append(_run(values))
    elif kind == "binding":
        trace.bindings.append((values["limit"], values["from_us"], values["to_us"]))
    elif kind == "held_run":
        trace.held_runs[values["run"]] = values["until_us"]
    elif kind == "refused":
        trace.refused.append((values["at_us"], values["what"]))
    elif kind == "asset_event":
        trace.asset_events.append(AssetEvent(**values))
    elif kind == "consumed":
        trace.consumed[values["run"]] = tuple(values["events"])
    elif kind == "executor":
        trace.executor_events.append((values["at_us"], values["who"], values["what"]))
    elif kind == "pause":
        trace.pauses.append((values["ti"], values["resource"], values["from_us"], values["to_us"]))
    elif kind == "touch":
        trace.touches.log(
            values["at_us"], values["ti"], values["try_number"], values["what"], values["dataset"]
        )
    elif kind == "hold":
        trace.holds.log(
            values["at_us"],
            values["ti"],
            values["try_number"],
            values["resource"],
            values["change"],
        )
    elif kind == "triggered":
        trace.triggered_by[values["run"]] = values["ti"]
    elif kind == "lost_run":
        trace.lost_runs.append(LostRun(**values | {"due": _instant(values["due"])}))
    elif kind == "output":
        trace.output.append(Output(**values))
    elif kind == "not_carried":
        trace.not_carried.append(NotCarried(**values))
    elif kind == "stray":
        trace.strays.append(Stray(**values))
    elif kind == "decision":
        values = _renamed(values, "about", "kind")
        trace.decisions.append(Decision(**_with_tuples(values)))
    else:
        raise ValueError(f"unknown kind {kind!r}; there are: {', '.join(KINDS)}")


def _renamed(values: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if key == old else key: value for key, value in values.items()}


def _with_tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}


def _run(values: dict[str, Any]) -> RunRecord:
    interval = values["data_interval"]
    return RunRecord(
        values["dag"],
        values["run_id"],
        values["run_type"],
        _instant(values["logical_date"]),
        datetime.fromisoformat(values["run_after"]),
        values["created_us"],
        None if interval is None else (_known(interval[0]), _known(interval[1])),
        values.get("number"),
    )


def _known(text: str) -> datetime:
    return datetime.fromisoformat(text)
