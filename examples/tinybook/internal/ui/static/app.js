// Starts what the page at hand needs.
import { post, remember, forget, refresh, text } from "./api.js";
import { submits, counter, birthday } from "./form.js";
import { theme } from "./theme.js";

const find = (selector) => document.querySelector(selector);

function logout(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = find("[data-logout-failed]");
    failed.hidden = true;
    const answer = await post("/users/logout").catch(() => null);
    // 401: the session was over already.
    if (!answer?.ok && answer?.status !== 401) {
      failed.textContent = text("logout");
      failed.hidden = false;
      failed.scrollIntoView({ block: "nearest" });
      return;
    }
    forget();
    location.assign("/");
  });
}

// The server sends this page instead of any other when there is no valid
// access token but there may be a refresh token. Then the same address is
// loaded again, this time without the cookie that led here. When the server
// can't say whether the token is good, the cookie is put back for another try.
async function resume() {
  const answer = await refresh().catch(() => null);
  if (answer?.ok || answer?.status === 401) {
    location.reload();
    return;
  }
  remember();
  find("[role=status]").textContent = text(answer ? "failed" : "network");
}

theme(find("[data-theme-toggle]"));
if (document.body.dataset.page === "resume") resume();
if ("signedIn" in document.body.dataset) remember();
if (find("[data-logout]")) logout(find("[data-logout]"));
document.querySelectorAll("form[data-api]").forEach(submits);
if (find("[data-count]")) counter(find("[data-count]"));
if (find("#birthday")) birthday(find("#birthday"));
for (const time of document.querySelectorAll("time[datetime*=T]")) {
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
}
