// The ranking beside the feed: follows the server's stream of places, and asks
// now and then where there is none.
import { get } from "./api.js";

const places = 10;
const often = 3000; // between two questions without a stream
const later = 15000; // until a stream that was refused is tried again

function rank(section) {
  const list = section.querySelector("ol");
  const fresh = section.querySelector("template").content.firstElementChild;
  let stream = null;
  let polling = 0;
  let retry = 0;

  function item(old, place) {
    const row = old ?? fresh.cloneNode(true);
    row.dataset.id = place.id;
    const link = row.querySelector("a");
    link.href = `/read/${place.id}`;
    link.textContent = place.title;
    const likes = row.querySelector("b");
    if (old && likes.textContent !== String(place.likeCount)) row.dataset.moved = "";
    likes.textContent = place.likeCount;
    return row;
  }

  function show({ items, stale }) {
    const old = new Map([...list.children].map((row) => [row.dataset.id, row]));
    const focus = list.contains(document.activeElement) ? document.activeElement : null;
    for (const row of list.children) delete row.dataset.moved;
    list.replaceChildren(...items.map((place) => item(old.get(String(place.id)), place)));
    focus?.focus({ preventScroll: true });
    section.querySelector("[data-rank-none]").hidden = items.length > 0 || stale;
    section.querySelector("[data-rank-stale]").hidden = !stale;
  }

  async function ask() {
    const answer = await get(`/articles/rank/${places}`).catch(() => null);
    if (answer?.ok) show(answer.data);
    else section.querySelector("[data-rank-stale]").hidden = false;
  }

  function rest() {
    stream?.close();
    clearInterval(polling);
    clearTimeout(retry);
    polling = 0;
  }

  function follow() {
    rest();
    stream = new EventSource(`/articles/rank/stream?n=${places}`);
    stream.addEventListener("rank", (event) => {
      clearInterval(polling);
      polling = 0;
      show(JSON.parse(event.data));
    });
    stream.addEventListener("error", () => {
      if (!polling) {
        ask();
        polling = setInterval(ask, often);
      }
      // A browser tries again by itself after an end, and not after a refusal.
      clearTimeout(retry);
      if (stream.readyState === EventSource.CLOSED) retry = setTimeout(follow, later);
    });
  }

  // A browser has few connections to one site: a tab that nobody looks at must not
  // hold one.
  const turn = () => (document.hidden ? rest() : follow());
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => event.persisted && turn());
  turn();
}

rank(document.querySelector("[data-rank]"));
