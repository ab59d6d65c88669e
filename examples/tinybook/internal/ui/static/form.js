// Sends forms to the API and shows what it finds wrong.
import { post, remember, text } from "./api.js";

// clear takes all messages off a form.
export function clear(form) {
  form.querySelector("[data-summary]").hidden = true;
  for (const input of form.elements) mark(input, "");
}

// mark shows the message of one field, or none.
export function mark(input, message) {
  const place = input.id && document.getElementById(`${input.id}-error`);
  if (!place) return;
  place.textContent = message;
  place.hidden = !message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

// show puts messages beside their fields and in the summary, which takes the
// focus. Without messages for fields the summary shows the title alone.
export function show(form, title, errors = []) {
  clear(form);
  const summary = form.querySelector("[data-summary]");
  summary.querySelector("h2").textContent = title;
  summary.querySelector("ul").replaceChildren(...errors.map(({ field, msg }) => {
    const item = document.createElement("li");
    const input = field && form.elements[field];
    if (!input) {
      item.textContent = msg;
      return item;
    }
    mark(input, msg);
    const link = document.createElement("a");
    link.href = `#${input.id}`;
    link.textContent = text("item", { label: input.labels[0].textContent, msg });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      input.focus();
    });
    item.append(link);
    return item;
  }));
  summary.hidden = false;
  summary.focus();
}

// problem shows an answer that is not what the form hoped for.
export function problem(form, answer) {
  const wait = answer.retryAfter ? [{ msg: text("wait", { n: answer.retryAfter }) }] : [];
  show(form, answer.msg || text("failed"), [...answer.errors, ...wait]);
}

// busy keeps a button from being used twice. It stays focusable, so that the
// focus is not lost.
export function busy(button, on) {
  button.setAttribute("aria-disabled", String(on));
  button.toggleAttribute("data-busy", on);
}

export const isBusy = (button) => button.getAttribute("aria-disabled") === "true";

// submits makes a form call the API at its action and then go on.
export function submits(form) {
  const button = form.querySelector("button[type=submit]");
  const path = new URL(form.action).pathname;
  restore(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy(button)) return;
    busy(button, true);
    let answer;
    try {
      answer = await post(path, Object.fromEntries(new FormData(form)));
    } catch {
      answer = { status: 0, msg: text("network"), errors: [] };
    }
    if (!answer.ok) {
      busy(button, false);
      problem(form, answer);
      return;
    }
    clear(form);
    if ("signup" in form.dataset) sessionStorage.setItem("email", form.elements.email.value);
    else remember();
    location.assign(form.dataset.done);
  });
}

// restore fills in the address that has just signed up.
function restore(form) {
  if (!("email" in form.dataset)) return;
  form.elements.email.value ||= sessionStorage.getItem("email") ?? "";
  sessionStorage.removeItem("email");
}

// counter shows how much of a text field is used, in characters as people
// count them.
export function counter(output) {
  const input = document.getElementById(output.dataset.count);
  const limit = Number(output.dataset.limit);
  const update = () => {
    const n = [...input.value].length;
    output.textContent = `${n} / ${limit}`;
    output.toggleAttribute("data-over", n > limit);
  };
  input.addEventListener("input", update);
  update();
}

// birthday lets a keyboard without a hyphen enter a date: 19920115 becomes
// 1992-01-15, for all to see.
export function birthday(input) {
  input.addEventListener("change", () => {
    const parts = /^\s*(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})\s*$/.exec(input.value);
    if (parts) input.value = parts.slice(1).join("-");
  });
}
