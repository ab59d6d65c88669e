// The operators' page: asks for the state once a second and shows it.
import { get, post, text } from "./api.js";

const pause = 1000;
const find = (selector) => document.querySelector(selector);

const faults = {
  well: {},
  down: { down: true },
  half: { failPercent: 50 },
  slow: { delayMs: 10000 },
  throttled: { throttled: true },
};

// stateText returns what people call a provider's state.
function stateText(state) {
  if (state === "closed") return text("closed");
  return state === "open" ? text("open") : text("half");
}

// kind returns the name of what a provider suffers from.
function kind(fault) {
  const same = (a, b) => ["down", "throttled", "failPercent", "delayMs"].every((k) => (a[k] || 0) == (b[k] || 0));
  return Object.keys(faults).find((name) => same(faults[name], fault)) ?? "other";
}

function fail(message) {
  const node = find("[data-ops-failed]");
  node.textContent = message;
  node.hidden = !message;
}

async function change(path, body) {
  const answer = await post(path, body).catch(() => null);
  fail(answer?.ok ? "" : answer?.msg || text("network"));
  if (answer?.ok) await look();
}

// cells makes the row of a table, or changes what is different in one.
function cells(row, values) {
  values.forEach((value, i) => {
    const cell = row.cells[i] ?? row.appendChild(document.createElement(i ? "td" : "th"));
    if (!i) cell.scope = "row";
    if (typeof value === "string" && cell.textContent !== value) cell.textContent = value;
  });
  return row;
}

// rows brings the children of a parent to the length of a list.
function rows(parent, list, tag, show) {
  while (parent.children.length > list.length) parent.lastElementChild.remove();
  list.forEach((item, i) => {
    show(parent.children[i] ?? parent.appendChild(document.createElement(tag)), item);
  });
}

function showLimit(item, limit) {
  let [label, meter] = item.children;
  if (!meter) {
    label = item.appendChild(document.createElement("span"));
    meter = item.appendChild(document.createElement("meter"));
  }
  label.textContent = `${limit.name}: ${limit.used} / ${limit.n} (${limit.per})`;
  meter.max = limit.n;
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
    select.addEventListener("change", () =>
      change("/ops/sms/fault", { provider: p.name, ...faults[select.value] }));
    row.insertCell().append(select);
  }
  if (document.activeElement !== select) select.value = kind(p.fault ?? {});
}

function showDead(row, job) {
  cells(row, [new Date(job.at).toLocaleString(document.documentElement.lang), String(job.attempts), job.cause]);
}

function show(state) {
  for (const node of document.querySelectorAll("[data-ops]")) {
    const [group, name] = node.dataset.ops.split(".");
    node.textContent = state[group][name];
  }
  rows(find("[data-ops-limits]"), state.limits, "li", showLimit);
  rows(find("[data-ops-providers]"), state.providers, "tr", showProvider);
  rows(find("[data-ops-dead]"), state.dead, "tr", showDead);
  find("[data-ops-none]").hidden = state.dead.length > 0;
  find("[data-ops-some]").hidden = find("[data-ops-redrive]").hidden = state.dead.length === 0;
  const input = find("#threshold");
  if (document.activeElement !== input) input.value = state.threshold;
}

async function look() {
  const answer = await get("/ops/state").catch(() => null);
  if (answer?.ok) {
    show(answer.data);
    find("[data-ops-at]").dataset.live = "";
  }
  return answer;
}

export async function ops() {
  find("[data-ops-threshold]").addEventListener("submit", (event) => {
    event.preventDefault();
    change("/ops/sms/threshold", { ratio: find("#threshold").valueAsNumber });
  });
  find("[data-ops-redrive]").addEventListener("click", () => change("/ops/sms/redrive", {}));
  let failing = false;
  for (;;) {
    const answer = await look();
    if (!answer?.ok) fail(answer?.msg || text("network"));
    else if (failing) fail("");
    failing = !answer?.ok;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
