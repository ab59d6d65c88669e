// An article: likes and collects at once, takes that back when the server
// refuses, and keeps the numbers up to date.
import { get, post, text } from "./api.js";

const pause = 3000;
const marks = { like: ["like", "liked", "likeCount"], collect: ["collect", "collected", "collectCount"] };
const number = (name) => document.querySelector(`[data-number="${name}"]`);

let pending = 0; // marks on their way: an answer from before them shows less

function fail(message) {
  const node = document.querySelector("[data-mark-failed]");
  node.textContent = message;
  node.hidden = !message;
}

// toggle makes a button show what it was last asked for, and sends that until
// the server says the same.
function toggle(button, id) {
  const [path, said, counted] = marks[button.dataset.mark];
  const isOn = () => button.getAttribute("aria-pressed") === "true";
  let wanted = isOn();
  let known = { on: wanted, n: Number(number(counted).textContent) };
  let sending = false;
  const show = (on, n) => {
    button.setAttribute("aria-pressed", String(on));
    number(counted).textContent = n;
  };
  button.addEventListener("click", async () => {
    if (!sending) known = { on: isOn(), n: Number(number(counted).textContent) };
    wanted = !isOn();
    show(wanted, known.n + Number(wanted) - Number(known.on));
    fail("");
    if (sending) return;
    sending = true;
    pending++;
    while (wanted !== known.on) {
      const answer = await post(`/articles/${path}`, { id, [path]: wanted }).catch(() => null);
      if (!answer?.ok) {
        wanted = known.on;
        fail(answer?.msg || text("network"));
        break;
      }
      known = { on: answer.data[said], n: answer.data[counted] };
    }
    show(known.on, known.n);
    pending--;
    sending = false;
  });
}

// watch asks for the numbers while somebody looks at them.
async function watch(id) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (document.hidden || pending) continue;
    const answer = await get(`/articles/counts/${id}`).catch(() => null);
    if (answer?.status === 404) {
      const gone = document.querySelector("[data-gone]");
      gone.textContent = text("gone");
      gone.hidden = false;
      return;
    }
    if (!answer?.ok || pending) continue;
    for (const [name, n] of Object.entries(answer.data)) number(name).textContent = n;
  }
}

function read(box) {
  const id = Number(box.dataset.marks);
  for (const button of box.querySelectorAll("[data-mark]")) toggle(button, id);
  watch(id);
}

read(document.querySelector("[data-marks]"));
