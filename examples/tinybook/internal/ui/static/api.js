// Calls the JSON API of this origin. The tokens are in HttpOnly cookies.

const cookie = "tb_session";

// remember and forget keep the mark that tells the server that a refresh is
// worth a try. It is no secret and no proof of anything.
export function remember() {
  document.cookie = `${cookie}=1; path=/; max-age=2592000; samesite=lax`;
}

export function forget() {
  document.cookie = `${cookie}=; path=/; max-age=0; samesite=lax`;
}

async function call(method, path, body) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    credentials: "same-origin",
    cache: "no-store",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const envelope = await response.json().catch(() => ({}));
  return {
    ok: response.ok,
    status: response.status,
    retryAfter: Number.parseInt(response.headers.get("Retry-After"), 10) || 0,
    msg: envelope.msg ?? "",
    data: envelope.data ?? null,
    errors: envelope.errors ?? [],
  };
}

// refresh asks for new tokens and returns the answer. Tabs take turns: two that
// show the same refresh token would look like a theft.
export async function refresh() {
  const once = () => call("POST", "/users/refresh_token", {});
  return navigator.locks ? navigator.locks.request("tb-refresh", once) : once();
}

// These answer 401 for a wrong secret, which no refresh can mend.
const open = ["/users/login", "/users/login_sms", "/users/login_sms/code/send", "/users/signup", "/users/logout"];

// A page that stays gets the 401 of a session that is over. Others go to the
// login page.
async function request(method, path, body, stays) {
  const first = await call(method, path, body);
  if (first.status !== 401 || open.includes(path)) return first;
  const renewed = await refresh();
  if (renewed.ok) {
    const second = await call(method, path, body);
    if (second.status !== 401) return second;
  } else if (renewed.status !== 401) {
    return renewed; // The session is neither renewed nor over.
  }
  forget();
  if (stays) return first;
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  return new Promise(() => {}); // The page is about to go.
}

export const get = (path, stays = false) => request("GET", path, undefined, stays);
export const post = (path, body = {}, stays = false) => request("POST", path, body, stays);

// text returns a text of this page's language with its values filled in.
export function text(key, values = {}) {
  const node = document.querySelector("#texts").content.querySelector(`[data-key="${key}"]`);
  return node.textContent.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
