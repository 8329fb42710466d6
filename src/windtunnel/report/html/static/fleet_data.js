// The task instances of the simulation: columns, and the questions that views ask of them.

import { unpack } from "./columns.js";
import { GROUP } from "./groups.js";

const TAKES = new Set(["queued", "running"]);

/** The fleet of the page, unpacked once and shared by all views; null if nothing was simulated. */
export function load(page) {
  page.state.fleet ??= read(page);
  return page.state.fleet;
}

async function read(page) {
  const data = await page.data("fleet");
  if (data === null) return null;
  const [run, task, map, state, tries, started, ended, first, count, length, kind, ...runs] = await Promise.all([
    data.instances.run, data.instances.task, data.instances.map, data.instances.state,
    data.instances.tries, data.instances.started, data.instances.ended, data.first, data.count, data.length, data.kind, data.runs.dag,
    data.runs.state, data.runs.due, data.runs.created, data.runs.started, data.runs.ended,
  ].map(unpack));
  const fleet = new Fleet(data, { run, task, map, state, tries, started, ended, first, kind: Uint16Array.from(kind) });
  fleet.segments(count, length);
  const [dag, runState, due, created, runStarted, runEnded] = runs;
  fleet.runs = { n: dag.length, dag, state: runState, due, created, started: runStarted, ended: runEnded,
    name: data.runs.name, states: data.runs.states };
  fleet.places();
  return fleet;
}

class Fleet {
  constructor(data, columns) {
    Object.assign(this, columns);
    this.n = columns.run.length;
    this.start = data.start;
    this.end = data.end;
    this.shortest = data.shortest;
    this.dags = data.dags;
    this.tasks = data.tasks;
    this.states = data.states;
    this.kinds = data.kinds.map((one) => ({ ...one, groupNumber: GROUP.get(one.group) }));
    this.kindGroup = Uint8Array.from(this.kinds, (one) => one.groupNumber);
  }

  /** Of instance i the segments at[i] to at[i + 1]; segment s ends at to[s], and begins where the
   * one before ends, the first one of i at first[i]. */
  segments(count, length) {
    this.at = new Uint32Array(this.n + 1);
    this.to = new Float64Array(length.length);
    for (let i = 0, s = 0; i < this.n; i += 1) {
      let now = this.first[i];
      for (const last = s + count[i]; s < last; s += 1) {
        now += length[s];
        this.to[s] = now;
      }
      this.at[i + 1] = s;
    }
  }

  /** Where the instances of each run, and the runs of each DAG, begin; one more for the end. */
  places() {
    this.runAt = firsts(this.run, this.runs.n);
    this.dagAt = firsts(this.runs.dag, this.dags.length);
    this.runEnd = new Float64Array(this.runs.n);
    for (let i = 0; i < this.n; i += 1) {
      this.runEnd[this.run[i]] = Math.max(this.runEnd[this.run[i]], this.endOf(i));
    }
  }

  dagOf(i) {
    return this.tasks[this.task[i]].dag;
  }

  taskName(i) {
    const task = this.tasks[this.task[i]];
    return task.id + (this.map[i] >= 0 ? `[${this.map[i]}]` : "");
  }

  /** dag_id.task_id[map index] */
  name(i) {
    return `${this.dags[this.dagOf(i)].id}.${this.taskName(i)}`;
  }

  runName(i) {
    return this.runs.name[this.run[i]];
  }

  stateName(i) {
    return this.states[this.state[i]];
  }

  /** The end of the last segment. */
  endOf(i) {
    return this.at[i + 1] > this.at[i] ? this.to[this.at[i + 1] - 1] : this.first[i];
  }

  /** When the last of them ends. */
  over() {
    return this.runEnd.reduce((most, one) => Math.max(most, one), 0);
  }

  /** The pieces of one instance: { kind, from, to }, without those in which nothing was. */
  pieces(i) {
    const found = [];
    let from = this.first[i];
    for (let s = this.at[i]; s < this.at[i + 1]; s += 1) {
      const kind = this.kinds[this.kind[s]];
      if (kind.name !== "nothing") found.push({ kind, from, to: this.to[s] });
      from = this.to[s];
    }
    return found;
  }

  /** The piece that an instance is in at an instant; undefined before and after. */
  pieceAt(i, t) {
    return this.pieces(i).find((one) => one.from <= t && t < one.to);
  }

  /** Milliseconds that an instance ran, waited for limits, and spent on one kind. */
  spent(i) {
    let ran = 0, waited = 0;
    for (const { kind, from, to } of this.pieces(i)) {
      if (kind.state === "running" && !kind.name.startsWith("resource ")) ran += to - from;
      else if (kind.name !== "upstream") waited += to - from;
    }
    return { ran, waited };
  }

  /** A limit with its size, as far as it has one, for an instance: "pool db (2 slots)". */
  sized(kind, i) {
    const task = this.tasks[this.task[i]];
    const size = kind.size ?? task[kind.name] ?? this.dags[task.dag][kind.name];
    if (!size) return kind.name;
    const unit = kind.holders === "pool" ? (size === 1 ? " slot" : " slots") : "";
    return `${kind.name} (${size}${unit})`;
  }

  /** Who had a limit at an instant at which an instance waited for it: instances, by number. */
  holders(kind, i, t) {
    if (!kind.holders || kind.holders === "runs") return [];
    const found = [];
    const [low, high] = this.#near(kind, i);
    for (let j = low; j < high; j += 1) {
      if (j === i || this.first[j] > t || this.endOf(j) <= t || !this.#shares(kind, i, j)) continue;
      const state = this.pieceAt(j, t)?.kind.state;
      const takes = kind.holders === "workers" ? state === "running" : TAKES.has(state);
      if (takes || (kind.deferred && state === "deferred")) found.push(j);
    }
    return found;
  }

  /** Other runs of its DAG that were running at an instant. */
  runsActive(i, t) {
    const found = [];
    const dag = this.dagOf(i);
    const { started, ended } = this.runs;
    for (let r = this.dagAt[dag]; r < this.dagAt[dag + 1]; r += 1) {
      const active = started[r] >= 0 && started[r] <= t && (ended[r] < 0 || ended[r] > t);
      if (active && r !== this.run[i]) found.push(r);
    }
    return found;
  }

  #near(kind, i) {
    const dag = this.dagOf(i);
    if (kind.holders === "run" || kind.holders === "task of run") {
      return [this.runAt[this.run[i]], this.runAt[this.run[i] + 1]];
    }
    if (kind.holders === "dag" || kind.holders === "task") {
      return [this.runAt[this.dagAt[dag]], this.runAt[this.dagAt[dag + 1]]];
    }
    return [0, this.n];
  }

  #shares(kind, i, j) {
    const one = this.tasks[this.task[i]], other = this.tasks[this.task[j]];
    if (kind.holders === "pool") return kind.name === `pool ${other.pool}`;
    if (kind.holders === "task" || kind.holders === "task of run") return one === other;
    if (kind.holders !== "workers") return true;
    if (one.executor !== other.executor) return false;
    const groups = one.workers ?? [];
    return !groups.length || groups.some((group) => (other.workers ?? []).includes(group));
  }
}

function firsts(sorted, n) {
  const found = new Uint32Array(n + 1);
  for (const value of sorted) found[value + 1] += 1;
  for (let i = 0; i < n; i += 1) found[i + 1] += found[i];
  return found;
}
