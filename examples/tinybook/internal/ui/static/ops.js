// The operators' page: asks for the state once a second and shows it.
import { get, post, text } from "./api.js";
import { mark } from "./form.js";

const pause = 1000;
const find = (selector) => document.querySelector(selector);

const faults = {
  well: {},
  down: { down: true },
  half: { failPercent: 50 },
  slow: { delayMs: 10000 },
  throttled: { throttled: true },
  refuses: { refuses: true },
};

// stateText returns what people call a provider's state.
function stateText(state) {
  if (state === "closed") return text("closed");
  return state === "open" ? text("open") : text("half");
}

// kind returns the name of what a provider suffers from.
function kind(fault) {
  const same = (a, b) => ["down", "throttled", "refuses", "failPercent", "delayMs"].every((k) => (a[k] || 0) == (b[k] || 0));
  return Object.keys(faults).find((name) => same(faults[name], fault)) ?? "other";
}

function fail(message) {
  const node = find("[data-ops-failed]");
  node.textContent = message;
  node.hidden = !message;
}

// change sends what an operator wants and shows what came of it. One goes at a
// time, in the order of the clicks: the last one is the one that holds.
let changes = Promise.resolve();
function change(path, body) {
  changes = changes.then(async () => {
    const answer = await post(path, body).catch(() => null);
    fail(answer?.ok ? "" : answer?.msg || text("network"));
    await look();
    return answer;
  });
  return changes;
}

async function setThreshold(input) {
  const answer = await change("/ops/sms/threshold", { ratio: input.valueAsNumber });
  const wrong = answer?.errors.find(({ field }) => field === "ratio");
  mark(input, wrong ? text("item", { label: input.labels[0].textContent, msg: wrong.msg }) : "");
  if (wrong) input.focus();
  else if (answer?.ok) input.value = shown.threshold;
}

// redrive tries the dead letters again. Its button may go with them: then the
// focus stays where it was.
async function redrive() {
  await change("/ops/sms/redrive", {});
  if (find("[data-ops-redrive]").hidden) find("#ops-letters").focus();
}

// cell returns a cell of a row, made if need be. On a phone the rows of a table
// are no rows: each cell carries the head of its column, and all say what they
// are, which a browser then can't tell by itself.
function cell(row, i) {
  if (row.cells[i]) return row.cells[i];
  const made = row.appendChild(document.createElement(i ? "td" : "th"));
  if (!i) made.scope = "row";
  made.setAttribute("role", i ? "cell" : "rowheader");
  made.dataset.head = row.closest("table").tHead.rows[0].cells[i].textContent;
  row.setAttribute("role", "row");
  return made;
}

// cells shows values in a row.
function cells(row, values) {
  values.forEach((value, i) => {
    const place = cell(row, i);
    if (place.textContent !== value) place.textContent = value;
  });
}

// rows brings the children of a parent to the length of a list.
function rows(parent, list, tag, show) {
  while (parent.children.length > list.length) parent.lastElementChild.remove();
  list.forEach((item, i) => {
    show(parent.children[i] ?? parent.appendChild(document.createElement(tag)), item);
  });
}

// short returns a duration as people write it: 1m for 1m0s.
const short = (per) => per.replace(/([mh])0s$/, "$1").replace(/h0m$/, "h");

function showLimit(item, limit) {
  let [label, meter] = item.children;
  if (!meter) {
    label = item.appendChild(document.createElement("span"));
    meter = item.appendChild(document.createElement("meter"));
  }
  const name = limit.name === "codes" ? text("codes") : limit.name;
  label.textContent = text("limit", { ...limit, name, per: short(limit.per) });
  meter.max = limit.n;
  meter.optimum = 0;
  meter.low = 0.7 * limit.n;
  meter.high = 0.9 * limit.n;
  meter.value = limit.used;
  meter.setAttribute("aria-label", label.textContent);
}

function showProvider(row, p) {
  row.dataset.provider = p.name;
  row.dataset.state = p.state;
  cells(row, [p.name, stateText(p.state), `${(100 * p.rate).toFixed(1)} %`, `${p.ok} / ${p.failed}`]);
  const template = find("#ops-fault");
  if (!template) return;
  let select = row.querySelector("select");
  if (!select) {
    select = template.content.querySelector("select").cloneNode(true);
    select.setAttribute("aria-label", text("fault", { name: p.name }));
    select.addEventListener("change", async () => {
      pending[p.name] = (pending[p.name] ?? 0) + 1;
      await change("/ops/sms/fault", { provider: p.name, ...faults[select.value] });
      pending[p.name]--;
      show(shown);
    });
    cell(row, row.cells.length).append(select);
  }
  if (!pending[p.name]) select.value = kind(p.fault ?? {});
}

function showDead(row, job) {
  cells(row, [new Date(job.at).toLocaleString(document.documentElement.lang), String(job.attempts), job.cause]);
}

// lagText returns what people call how a group keeps up.
function lagText(status) {
  switch (status) {
    case "ok": return text("lagok");
    case "warning": return text("lagwarning");
    case "stalled": return text("lagstalled");
    case "stopped": return text("lagstopped");
    case "rewound": return text("lagrewound");
    case "truncated": return text("lagtruncated");
    default: return text("lagunknown");
  }
}

function showGroup(row, g) {
  row.dataset.group = g.group;
  row.dataset.lag = g.status;
  cells(row, [g.group, lagText(g.status), String(g.messages), g.seconds.toFixed(1), g.members < 0 ? "–" : String(g.members)]);
}

function showWriter(row, w) {
  row.dataset.writer = w.name;
  cells(row, [w.name, String(w.delivered), `${w.failed} / ${w.rejected}`, String(w.inFlight), String(w.retries)]);
}

function showReader(row, r) {
  row.dataset.reader = r.name;
  cells(row, [r.name, `${r.messages} / ${r.processed}`, String(r.uncommitted), String(r.errors), String(r.rebalances)]);
}

function showKafka(kafka) {
  rows(find("[data-ops-groups]"), kafka.groups, "tr", showGroup);
  rows(find("[data-ops-writers]"), kafka.writers, "tr", showWriter);
  rows(find("[data-ops-readers]"), kafka.readers, "tr", showReader);
  find("[data-ops-lag-none]").hidden = kafka.lagAt !== null;
  find("[data-ops-lag-failed]").hidden = !kafka.lagFailed;
}

// shown is the state that the page shows. Until all changes that are pending for
// a provider are made, its switch says what was chosen last.
let shown;
const pending = {};

function show(state) {
  shown = state;
  for (const node of document.querySelectorAll("[data-ops]")) {
    const [group, name] = node.dataset.ops.split(".");
    node.textContent = state[group][name];
  }
  rows(find("[data-ops-limits]"), state.limits, "li", showLimit);
  rows(find("[data-ops-providers]"), state.providers, "tr", showProvider);
  showKafka(state.kafka);
  rows(find("[data-ops-dead]"), state.dead, "tr", showDead);
  find("[data-ops-none]").hidden = state.dead.length > 0;
  find("[data-ops-some]").hidden = find("[data-ops-redrive]").hidden = state.dead.length === 0;
  const input = find("#threshold");
  if (document.activeElement !== input && !input.hasAttribute("aria-invalid")) input.value = state.threshold;
}

// look shows the state. An answer that was overtaken by a newer one is dropped.
let asked = 0;
let answered = 0;
async function look() {
  const turn = ++asked;
  const answer = await get("/ops/state").catch(() => null);
  if (turn > answered) {
    answered = turn;
    if (answer?.ok) show(answer.data);
  }
  return answer;
}

async function ops() {
  find("[data-ops-threshold]").addEventListener("submit", (event) => {
    event.preventDefault();
    setThreshold(find("#threshold"));
  });
  find("[data-ops-redrive]").addEventListener("click", redrive);
  let failing = false;
  for (;;) {
    if (!document.hidden) { // nobody looks at a tab in the background
      const answer = await look();
      if (!answer?.ok) fail(answer?.msg || text("network"));
      else if (failing) fail("");
      failing = !answer?.ok;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

ops();
