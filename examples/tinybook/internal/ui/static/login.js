// The login page: tabs, SMS codes, and the helpers for trying things out.
import { get, post, text } from "./api.js";
import { busy, clear, isBusy, problem, show } from "./form.js";

// tabs makes the links of a tab list switch panels in place, as the pattern
// for tabs asks: one stop for the Tab key, arrows to move.
function tabs(list) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const select = (tab) => {
    for (const other of all) {
      const on = other === tab;
      other.setAttribute("aria-selected", String(on));
      other.tabIndex = on ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !on;
    }
    history.replaceState(null, "", tab.href);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    select(tab);
  });
  list.addEventListener("keydown", (event) => {
    const i = all.indexOf(document.activeElement);
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: -1, " ": i }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = all.at(to % all.length);
    select(tab);
    tab.focus();
  });
}

const pause = 60; // Seconds between two codes, unless the server says more.

// codes makes the button send a code and count down to the next.
function codes(form) {
  const button = form.querySelector("[data-send]");
  const said = form.querySelector("[data-said]");
  const inbox = form.querySelector("[data-dev]");
  button.addEventListener("click", async () => {
    if (isBusy(button)) return;
    busy(button, true);
    clear(form);
    said.textContent = "";
    const phone = form.elements.phone.value;
    let answer;
    try {
      answer = await post("/users/login_sms/code/send", { phone });
    } catch {
      busy(button, false);
      show(form, text("network"));
      return;
    }
    busy(button, false);
    if (answer.ok) {
      said.textContent = text("sent");
      form.elements.code.focus();
    } else {
      problem(form, answer);
    }
    if (answer.ok || answer.retryAfter) {
      countdown(button, answer.retryAfter || pause);
      if (inbox) await peek(inbox, form, phone);
    }
  });
}

// countdown keeps the button off for some seconds and says how many are left.
function countdown(button, seconds) {
  const end = performance.now() + seconds * 1000;
  busy(button, true);
  button.removeAttribute("data-busy");
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left > 0) {
      button.textContent = text("again", { n: left });
      return;
    }
    clearInterval(timer);
    busy(button, false);
    button.textContent = text("send");
  };
  const timer = setInterval(tick, 250);
  tick();
}

const digits = (s) => String(s ?? "").replace(/\D/g, "");

// peek shows the newest code for a phone from the inbox of this machine.
async function peek(inbox, form, phone) {
  const status = inbox.querySelector("[data-dev-status]");
  const fill = inbox.querySelector("[data-dev-fill]");
  const answer = await get("/dev/sms").catch(() => null);
  const messages = answer?.ok ? answer.data ?? [] : [];
  const message = messages.find(({ to }) => digits(to).endsWith(digits(phone).replace(/^00/, "")));
  fill.hidden = !message;
  if (!message) {
    status.textContent = text("devnone");
    return;
  }
  status.textContent = text("devcode", { code: message.code });
  fill.onclick = () => {
    form.elements.code.value = message.code;
    form.elements.code.focus();
  };
}

// demo fills in the demo account.
function demo(form) {
  const button = form.querySelector("[data-demo-fill]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    form.elements.email.value = button.dataset.email;
    form.elements.password.value = button.dataset.password;
    form.querySelector("button[type=submit]").focus();
  });
}

tabs(document.querySelector("[role=tablist]"));
codes(document.querySelector("form[data-sms]"));
demo(document.querySelector("form[data-email]"));
