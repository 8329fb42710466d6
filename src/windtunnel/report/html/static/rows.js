// The rows of the Gantt: DAG, its runs, their tasks, mapped task instances; what is folded is one row.

import { runWords } from "./words.js";

/** Which instances are shown: text in the name or the run, a state, a limit that they waited for. */
export function matching(fleet, filter) {
  const mask = new Uint8Array(fleet.n);
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const limit = filter.limit === "" ? -1 : fleet.kinds.findIndex((one) => one.name === filter.limit);
  const state = filter.state === "" ? -1 : fleet.states.indexOf(filter.state);
  const names = fleet.tasks.map((one) => `${fleet.dags[one.dag].id}.${one.id}`.toLowerCase());
  const runs = words.length ? fleet.runs.name.map((one) => one.toLowerCase()) : [];
  let found = 0;
  for (let i = 0; i < fleet.n; i += 1) {
    if (state >= 0 && fleet.state[i] !== state) continue;
    if (limit >= 0 && !waited(fleet, i, limit)) continue;
    const name = names[fleet.task[i]];
    if (!words.every((word) => name.includes(word) || runs[fleet.run[i]].includes(word))) continue;
    mask[i] = 1;
    found += 1;
  }
  return { mask, found };
}

function waited(fleet, i, kind) {
  for (let s = fleet.at[i]; s < fleet.at[i + 1]; s += 1) if (fleet.kind[s] === kind) return true;
  return false;
}

/**
 * The rows to be seen, in order: { key, level, label, beside, from, to, opens, open, leaf, of, at }.
 * from and to are numbers of instances; leaf: the one that it is; of and at: how many brothers it
 * has, and which one of them it is. `time`: only DAGs and runs that have anything in it.
 */
export function rowsOf(fleet, mask, opened, time = null) {
  const rows = [];
  const any = prefix(mask);
  const has = (from, to) => any[to] > any[from];
  const seen = (run) => has(fleet.runAt[run], fleet.runAt[run + 1]) &&
    (time === null || (fleet.runs.created[run] < time.to && fleet.runEnd[run] > time.from));
  const some = (dag) => {
    for (let run = fleet.dagAt[dag]; run < fleet.dagAt[dag + 1]; run += 1) if (seen(run)) return true;
    return false;
  };
  const dags = fleet.dags.map((_, dag) => dag).filter(some);
  dags.forEach((dag, at) => {
    const [firstRun, endRun] = [fleet.dagAt[dag], fleet.dagAt[dag + 1]];
    const [from, to] = [fleet.runAt[firstRun], fleet.runAt[endRun]];
    const one = endRun - firstRun === 1;
    const beside = one ? ended(firstRun) : `${endRun - firstRun} runs`;
    const row = add({ key: `d${dag}`, level: 1, label: fleet.dags[dag].id, beside, from, to,
      opens: true, at, of: dags.length, run: one ? firstRun : -1 });
    if (!row.open) return;
    if (one) tasks(firstRun, 2);
    else runs(firstRun, endRun);
  });
  return rows;

  function add(row) {
    row.open = row.opens && opened.has(row.key);
    rows.push(row);
    return row;
  }

  function runs(first, end) {
    const shown = [];
    for (let run = first; run < end; run += 1) {
      if (seen(run)) shown.push(run);
    }
    shown.forEach((run, at) => {
      const row = add({ key: `r${run}`, level: 2, label: runWords(fleet.runs.name[run]),
        title: fleet.runs.name[run], beside: ended(run), from: fleet.runAt[run],
        to: fleet.runAt[run + 1], opens: true, at, of: shown.length, run });
      if (row.open) tasks(run, 3);
    });
  }

  function tasks(run, level) {
    const shown = [];
    for (let i = fleet.runAt[run]; i < fleet.runAt[run + 1];) {
      let end = i + 1;
      while (end < fleet.runAt[run + 1] && fleet.task[end] === fleet.task[i]) end += 1;
      if (has(i, end)) shown.push([i, end]);
      i = end;
    }
    shown.forEach(([from, to], at) => {
      const mapped = to - from > 1;
      const row = add({ key: `t${from}`, level, label: fleet.tasks[fleet.task[from]].id +
        (!mapped && fleet.map[from] >= 0 ? `[${fleet.map[from]}]` : ""),
      beside: mapped ? `${to - from} mapped` : outcome(from), from, to, opens: mapped,
      leaf: mapped ? undefined : from, at, of: shown.length, run });
      if (row.open) mappedOnes(from, to, level + 1, run);
    });
  }

  function mappedOnes(from, to, level, run) {
    for (let i = from; i < to; i += 1) {
      if (!mask[i]) continue;
      add({ key: `i${i}`, level, label: `[${fleet.map[i]}]`, beside: outcome(i), from: i, to: i + 1,
        opens: false, leaf: i, at: i - from, of: to - from, run });
    }
  }

  function ended(run) {
    const state = fleet.runs.states[fleet.runs.state[run]];
    return state === "success" ? "" : state;
  }

  /** The state, where it is not what one hopes for. */
  function outcome(i) {
    const state = fleet.stateName(i);
    return state === "success" ? "" : state;
  }
}

function prefix(mask) {
  const found = new Uint32Array(mask.length + 1);
  for (let i = 0; i < mask.length; i += 1) found[i + 1] = found[i] + mask[i];
  return found;
}

/** All rows that can be opened: DAGs, or whatever is below them, too. */
export function openable(fleet, mask, depth) {
  const keys = new Set(fleet.dags.map((_, dag) => `d${dag}`));
  if (depth > 1) fleet.runs.name.forEach((_, run) => keys.add(`r${run}`));
  return keys;
}
