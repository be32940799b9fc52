// What is chosen: model, method, class, look of the map and tab. It stands in the address after #,
// so that a view can be kept and shared; texts never do.
const KEYS = ["model", "method", "class", "look", "tab"];
export const LOOKS = ["colours", "numbers", "table"];
const listeners = [];
export const chosen = { model: "", method: "", class: "", look: "", tab: "" };

export const onChange = (listener) => listeners.push(listener);
const tell = () => listeners.forEach((listener) => listener(chosen));

const written = () => new URLSearchParams(KEYS.filter((key) => chosen[key]).map((key) => [key, chosen[key]])).toString();
export const readAddress = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const key of KEYS) chosen[key] = given.get(key) ?? "";
};
export const choose = (change) => {
  Object.assign(chosen, change);
  const hash = written();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  tell();
};
addEventListener("hashchange", () => { readAddress(); tell(); });
