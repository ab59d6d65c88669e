// Starts what the page at hand needs.
import { post, remember, forget, refresh } from "./api.js";
import { submits, counter, birthday } from "./form.js";
import { tabs, codes, demo } from "./login.js";
import { theme } from "./theme.js";

const find = (selector) => document.querySelector(selector);

function logout(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    forget();
    await post("/users/logout").catch(() => {});
    location.assign("/");
  });
}

// The server sends this page instead of any other when there is no valid
// access token but there may be a refresh token. Whatever comes of it, the
// same address is loaded again, this time without the cookie that led here.
async function resume() {
  await refresh().catch(() => {});
  location.reload();
}

theme(find("[data-theme-toggle]"));
if (document.body.dataset.page === "resume") resume();
if ("signedIn" in document.body.dataset) remember();
if (find("[data-logout]")) logout(find("[data-logout]"));
document.querySelectorAll("form[data-api]").forEach(submits);
if (find("[role=tablist]")) tabs(find("[role=tablist]"));
if (find("form[data-sms]")) codes(find("form[data-sms]"));
if (find("form[data-email]")) demo(find("form[data-email]"));
if (find("[data-count]")) counter(find("[data-count]"));
if (find("#birthday")) birthday(find("#birthday"));
