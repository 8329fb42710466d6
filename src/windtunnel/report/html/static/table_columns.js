// What the tables are made of: task instances, dag runs, findings, limits.

import { duration, instant, runWords } from "./words.js";

const seconds = (ms) => (ms === null ? null : ms / 1000);

/** A column of texts. */
function text(name, value, more = {}) {
  return { name, key: key(name), value, file: value, ...more };
}

/** A column of milliseconds that something took; seconds in files. */
function length(name, value) {
  return { name, key: `${key(name)}_s`, value, file: (i) => seconds(value(i)), number: true,
    text: (i) => (value(i) === null ? "" : duration(value(i) / 1000)) };
}

/** A column of instants, told as milliseconds since the start. */
function moment(name, start, value) {
  return { name, key: key(name), value, number: true,
    text: (i) => (value(i) === null ? "" : instant(start + value(i))),
    file: (i) => (value(i) === null ? null : new Date(start + value(i)).toISOString()) };
}

function number(name, value, more = {}) {
  return { name, key: key(name), value, file: value, number: true,
    text: (i) => (value(i) === null ? "" : value(i).toLocaleString("en")), ...more };
}

function key(name) {
  return name.toLowerCase().replaceAll(" ", "_");
}

/** Of each task instance what its pieces come to: looked at once. */
function factsOf(fleet) {
  const { n } = fleet;
  const facts = { ran: new Float64Array(n), waited: new Float64Array(n),
    worst: new Int16Array(n).fill(-1), longest: new Float64Array(n) };
  const runs = fleet.kinds.map((one) => ["running", "failed", "holding"].includes(one.group));
  const calm = fleet.kinds.map((one) => one.name === "upstream" || one.name === "nothing");
  for (let i = 0; i < n; i += 1) {
    let from = fleet.first[i];
    for (let s = fleet.at[i]; s < fleet.at[i + 1]; s += 1) {
      const kind = fleet.kind[s], took = fleet.to[s] - from;
      if (runs[kind]) facts.ran[i] += took;
      else if (!calm[kind]) {
        facts.waited[i] += took;
        if (took > facts.longest[i]) { facts.longest[i] = took; facts.worst[i] = kind; }
      }
      from = fleet.to[s];
    }
  }
  return facts;
}

export function instanceColumns(fleet, go) {
  const facts = factsOf(fleet);
  const names = fleet.tasks.map((one) => `${fleet.dags[one.dag].id}.${one.id}`);
  const worst = (i) => (facts.worst[i] < 0 ? "" : fleet.kinds[facts.worst[i]].name);
  return [
    text("Task instance", (i) => names[fleet.task[i]] + (fleet.map[i] >= 0 ? `[${fleet.map[i]}]` : ""), { go }),
    text("Run", (i) => fleet.runName(i), { text: (i) => runWords(fleet.runName(i)) }),
    text("State", (i) => fleet.stateName(i), { kind: (i) => `state ${fleet.stateName(i)}` }),
    number("Tries", (i) => fleet.tries[i]),
    moment("Started", fleet.start, (i) => (fleet.started[i] < 0 ? null : fleet.started[i])),
    moment("Ended", fleet.start, (i) => (fleet.ended[i] < 0 ? null : fleet.ended[i])),
    length("Ran", (i) => facts.ran[i]),
    length("Waited", (i) => facts.waited[i]),
    text("Longest wait for", worst, { text: (i) => worst(i) && `${worst(i)}, ${duration(facts.longest[i] / 1000)}` }),
    text("Pool", (i) => fleet.tasks[fleet.task[i]].pool),
    text("Operator", (i) => fleet.tasks[fleet.task[i]].operator ?? ""),
  ];
}

export function runColumns(fleet, go) {
  const { runs } = fleet;
  const or = (value) => (value < 0 ? null : value);
  const failed = new Uint32Array(runs.n), number_ = fleet.states.indexOf("failed");
  for (let i = 0; i < fleet.n; i += 1) if (fleet.state[i] === number_) failed[fleet.run[i]] += 1;
  return [
    text("DAG", (r) => fleet.dags[runs.dag[r]].id, { go }),
    text("Run", (r) => runs.name[r], { text: (r) => runWords(runs.name[r]) }),
    text("State", (r) => runs.states[runs.state[r]], { kind: (r) => `state ${runs.states[runs.state[r]]}` }),
    moment("Due", fleet.start, (r) => runs.due[r]),
    moment("Started", fleet.start, (r) => or(runs.started[r])),
    moment("Ended", fleet.start, (r) => or(runs.ended[r])),
    length("Landed after", (r) => (runs.ended[r] < 0 ? null : Math.max(0, runs.ended[r] - runs.due[r]))),
    number("Task instances", (r) => fleet.runAt[r + 1] - fleet.runAt[r]),
    number("Failed", (r) => failed[r]),
  ];
}

export function findingColumns(found) {
  const own = (name, get, more) => text(name, (i) => get(found[i]) ?? "", more);
  return [
    own("Code", (one) => one.code),
    own("Finding", (one) => one.title),
    own("Shown", (one) => one.level),
    own("Place", (one) => one.place),
    own("Summary", (one) => one.summary, { wide: true }),
    own("From", (one) => one.since),
    own("Until", (one) => one.until),
    own("Ended by", (one) => one.ended_by, { wide: true }),
    own("Fix", (one) => one.fix),
    own("Counterexample", (one) => one.counterexample),
  ];
}

export function limitColumns(found) {
  return [
    text("Waited for", (i) => found[i].limit),
    length("In all", (i) => found[i].total_s * 1000),
    number("Task instances", (i) => found[i].instances),
    length("Longest", (i) => found[i].longest_s * 1000),
    text("By", (i) => found[i].longest_by),
  ];
}
