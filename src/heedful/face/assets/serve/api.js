// Talking to the server that this page came from, and to no other.
const KEY = "heedful-token";

// A refusal: what went wrong, in one line for people. status 0: nobody answered.
export class Refused extends Error {
  constructor(message, { status = 0, field = "", wait = 0 } = {}) {
    super(message);
    Object.assign(this, { status, field, wait });
  }
}
export const token = {
  get: () => { try { return sessionStorage.getItem(KEY) ?? ""; } catch { return ""; } },
  set: (value) => { try { sessionStorage.setItem(KEY, value); } catch { /* not allowed: asked again */ } },
};
export const headers = (more = {}) => (token.get() ? { ...more, Authorization: `Bearer ${token.get()}` } : more);
export const place = (...parts) => parts.map(encodeURIComponent).join("/");

export const refusal = (status, text, wait) => {
  let told = {};
  try { told = JSON.parse(text) ?? {}; } catch { /* a proxy may answer in words of its own */ }
  const message = typeof told.error === "string" ? told.error : `the server answered ${status}`;
  return new Refused(message, { status, field: told.field ?? "", wait: Number(wait) || 0 });
};
export const ask = async (path, { body, ...rest } = {}) => {
  const sent = body === undefined ? { headers: headers() }
    : { method: "POST", body: JSON.stringify(body), headers: headers({ "Content-Type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", credentials: "omit", ...sent, ...rest });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("the server does not answer");
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
};
export const askJson = async (path, options) => (await ask(path, options)).json();
export const explain = (model, inputs, parameters, signal) =>
  askJson(`${place("models", model)}/explain`, { body: { inputs, parameters }, signal });
