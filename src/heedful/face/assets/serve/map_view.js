// The heat map of a record, in colours, with numbers, or as a table.
import { listed, revealed, tag } from "./dom.js";
import { isAlways, legendOf, limitOf, piecesOf, scaleOf, stepOf, surfacesOf, valuesOf, wordsOf } from "./heat.js";
import { plain, signed } from "./numbers.js";
import { wordTips } from "./tip.js";

const spelt = (method, value) => (legendOf(method).signed ? signed(value) : plain(value));

// `view`: method, target, look; `limit`, where two maps share a scale; `moved`, tokens to mark.
export const mapOf = (record, view) => {
  const { method, target } = view, limit = view.limit ?? limitOf(record, method);
  const found = valuesOf(record, method, target), spots = new Map();
  const map = tag("div", piecesOf(record).flatMap(([text, i]) => {
    if (i < 0) return revealed(text);
    const step = found ? stepOf(found[i], limit, method) : "";
    const word = tag("b", revealed(text), "");
    word.className = [step, view.moved?.has(i) ? "moved" : ""].filter(Boolean).join(" ");
    // For those who do not see colours: read aloud, and in sight where numbers are asked for.
    if (step) word.append(tag("span", `\u00a0${spelt(method, found[i])}`, "num"));
    word.token = i;
    spots.set(i, word);
    return word;
  }), view.look === "numbers" ? "map numbered" : "map");
  map.dir = "auto";
  map.lang = "";
  map.tabIndex = 0;
  map.setAttribute("role", "group");
  map.setAttribute("aria-label", "Heat map: the arrow keys go from word to word");
  wordTips(map, record, view, spots);
  return map;
};
export const legendBar = (record, { method, target, limit }) => {
  const { remark, both, unit, low, high } = scaleOf(record, method, target, limit);
  if (remark) return tag("div", tag("span", remark), "scale");
  const parts = [tag("span", low), tag("i", "", both ? "" : "heat"), tag("span", high)];
  return tag("div", unit ? [...parts, tag("span", unit, "unit")] : parts, "scale");
};
export const wordLists = (record, { method, target }) => tag("dl", wordsOf(record, method, target).map(([heading, words]) => {
  const items = words.flatMap(([word, number], i) => [i ? " · " : "", tag("q", word), `\u00a0${number}`]);
  return tag("div", [tag("dt", heading), tag("dd", items.length ? items : "no strong word")]);
}));

// ----- the same as a table -----
export const tableOf = (heads, rows, caption) => {
  const row = (cells, head) => tag("tr", cells.map((cell, i) => {
    const element = tag(head || i === 0 ? "th" : "td", cell);
    if (head || i === 0) element.scope = head ? "col" : "row";
    return element;
  }));
  const table = tag("table", [tag("caption", caption, "sr"), tag("thead", row(heads, true)), tag("tbody", rows.map((cells) => row(cells, false)))]);
  const box = tag("div", table, "numbers");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", caption);
  return box;
};
export const numbersOf = (record, { method, target }) => {
  const found = isAlways(method) ? null : valuesOf(record, method, target);
  const signs = valuesOf(record, "contribution", target), heat = valuesOf(record, "attention");
  const heads = ["word", ...(found ? [legendOf(method).title] : []), `contribution to ${target}`, ...(heat ? ["attention"] : [])];
  const rows = surfacesOf(record).map((surface, i) =>
    [listed(surface), ...(found ? [signed(found[i])] : []), signed(signs[i]), ...(heat ? [plain(heat[i])] : [])]);
  return tableOf(heads, rows, "Every word with its numbers");
};
