// The editor: saves the draft by itself and says so, publishes, withdraws, and
// lets the author choose when the article was changed elsewhere.
import { get, post, text } from "./api.js";
import { busy, clear, isBusy, mark, problem } from "./form.js";

const pause = 1000; // after the last key
const again = 5000; // after a failure

function write(form) {
  const { title, content } = form.elements;
  const find = (selector) => form.querySelector(selector);
  const read = () => ({ title: title.value, content: content.value });
  const same = (a, b) => a.title === b.title && a.content === b.content;
  const author = Number(form.dataset.author);
  let id = Number(form.dataset.id);
  let version = Number(form.dataset.version);
  // What the server has. Somebody may have written something before this began.
  let kept = { title: title.defaultValue, content: content.defaultValue };
  const over = find("[data-over]");
  let theirs = null; // what it has instead, until the author has chosen
  let timer = 0;
  let last = Promise.resolve();

  const changed = () => !same(read(), kept);
  // One request at a time: each needs the version that the one before made.
  const queue = (work) => (last = last.then(work, work));

  function say(state, message) {
    const node = find("[data-state]");
    node.dataset.state = state;
    if (node.textContent !== message) node.textContent = message;
  }

  function accept(saved, sent) {
    if (!id) history.replaceState(null, "", `/write/${saved.id}`);
    ({ id, version } = saved);
    kept = sent;
    clear(form);
    over.hidden = true;
    const at = new Date(saved.updatedAt).toLocaleTimeString(document.documentElement.lang);
    if (changed()) say("dirty", text("unsaved"));
    else say("saved", text("saved", { at }));
  }

  // The cookies may be another account's by now: the server compares the author.
  // A new article has a key: it is one, though an answer is lost.
  const send = (path, sent) => post(path, { author, ...(id ? { id, version } : { key: form.dataset.key }), ...sent }, true).catch(() => null);

  // clash shows that there are two versions, and what the other one says.
  async function clash() {
    const answer = await get(`/articles/detail/${id}`, true).catch(() => null);
    if (!answer?.ok) {
      offline(answer);
      return;
    }
    theirs = answer.data;
    find("[data-their-title]").textContent = theirs.title;
    find("[data-their-content]").textContent = theirs.content;
    say("failed", text("clash"));
    find("[data-clash]").hidden = false;
    find("[data-clash]").focus();
  }

  // offline keeps the text here and tries again, unless it is too large as it is.
  // Who writes isn't sent away when the session ends: signing in elsewhere is
  // enough.
  function offline(answer) {
    over.hidden = answer?.status !== 401;
    say("failed", text("unsavedfor", { why: answer?.msg || text("network") }));
    clearTimeout(timer);
    if (answer?.status !== 413) timer = setTimeout(() => queue(save), again);
  }

  // save saves what has changed and reports whether the server has it then. What
  // is wrong with the fields is said beside them: the focus stays with the writer.
  async function save() {
    clearTimeout(timer);
    if (theirs) return false;
    if (!changed()) return true;
    const sent = read();
    say("saving", text("saving"));
    const answer = await send("/articles/edit", sent);
    if (answer?.ok) accept(answer.data, sent);
    else if (answer?.status === 409) await clash();
    else if (answer?.status === 422) {
      clear(form);
      for (const { field, msg } of answer.errors) if (form.elements[field]) mark(form.elements[field], msg);
      say("failed", text("unsavedfor", { why: answer.msg }));
    } else offline(answer);
    return Boolean(answer?.ok);
  }

  // finish makes a button's request, after what is being saved, and goes on to
  // another page.
  function finish(button, request) {
    if (isBusy(button)) return;
    busy(button, true);
    clearTimeout(timer);
    queue(async () => {
      if (!theirs) await request();
      else find("[data-clash]").focus();
      busy(button, false);
    });
  }

  async function settle(answer, sent, next) {
    if (answer?.ok) {
      accept(answer.data, sent);
      if (!changed()) location.assign(next());
    } else if (answer?.status === 409 && answer.data) await clash();
    else {
      if (answer?.status !== 422) offline(answer);
      problem(form, answer ?? { msg: text("network"), errors: [] });
    }
  }

  // choose ends a clash. Mine replaces the other version when it is saved next.
  function choose(mine) {
    version = theirs.version;
    kept = { title: theirs.title, content: theirs.content };
    if (!mine) [title.value, content.value] = [theirs.title, theirs.content];
    theirs = null;
    find("[data-clash]").hidden = true;
    content.dispatchEvent(new Event("input", { bubbles: true }));
    content.focus();
    queue(save);
  }

  function written() {
    if (theirs) return;
    clearTimeout(timer);
    if (!changed()) {
      say("saved", id ? text("kept") : "");
      return;
    }
    say("dirty", text("unsaved"));
    timer = setTimeout(() => queue(save), pause);
  }

  form.addEventListener("input", written);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish(find("button[type=submit]"), async () => {
      const sent = read();
      await settle(await send("/articles/publish", sent), sent, () => `/read/${id}`);
    });
  });
  find("[data-withdraw]")?.addEventListener("click", ({ currentTarget }) => {
    finish(currentTarget, async () => {
      if (!(await save())) return;
      await settle(await send("/articles/withdraw", {}), kept, () => "/mine?withdrawn=1");
    });
  });
  find("[data-keep]").addEventListener("click", () => choose(true));
  find("[data-take]").addEventListener("click", () => choose(false));
  addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    queue(save);
  });
  addEventListener("beforeunload", (event) => {
    if (changed()) event.preventDefault();
  });
  written();
}

write(document.querySelector("[data-editor]"));
