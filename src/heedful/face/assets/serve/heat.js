// From an explanation's record to what is drawn of it: the sums that heat.py does.
import { ALWAYS, METHODS, PARTS, STEPS, WORDS } from "./legend.js";
import { characters, listed } from "./dom.js";
import { chance, even, plain, remainder, signed, sum } from "./numbers.js";

const known = new Map(METHODS.map((method) => [method.name, method]));
export const legendOf = (name) => known.get(name) ?? { name, title: name, says: "", unit: "", signed: true };
export const isAlways = (method) => ALWAYS.includes(method);

// One number per token; null where there is no such map.
export const valuesOf = (record, method, target) => {
  if (method === "attention") return record.tokens.some((t) => t.attention === null) ? null : record.tokens.map((t) => t.attention);
  if (method === "contribution") return record.tokens.map((t) => t.contributions[target]);
  return record.maps[method]?.[target] ?? null;
};
// The number at the end of the scale: the largest of this method in this text, over all classes.
export const limitOf = (record, method) => {
  const columns = method === "attention" ? [valuesOf(record, method) ?? []]
    : method === "contribution" ? record.tokens.map((t) => Object.values(t.contributions))
      : Object.values(record.maps[method] ?? {});
  return columns.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0);
};
export const levelOf = (value, limit) =>
  (limit > 0 ? Math.floor(Math.min(1, Math.abs(value) / limit) * STEPS + 0.5) : 0);
export const stepOf = (value, limit, method) => {
  const level = levelOf(value, limit);
  return level ? (!legendOf(method).signed ? "a" : value < 0 ? "n" : "p") + level : "";
};
// The whole text, cut at every edge of a token: [characters, index of the token or -1].
export const piecesOf = (record) => {
  const chars = characters(record.text), pieces = [];
  let last = 0;
  record.tokens.forEach(({ start, end }, i) => {
    if (start > last) pieces.push([chars.slice(last, start).join(""), -1]);
    if (end > start) pieces.push([chars.slice(start, end).join(""), i]);
    last = Math.max(last, end);
  });
  if (last < chars.length) pieces.push([chars.slice(last).join(""), -1]);
  return pieces;
};
export const surfacesOf = (record) => {
  const chars = characters(record.text);
  return record.tokens.map(({ start, end }) => chars.slice(start, end).join(""));
};

// Why nothing is drawn; empty where there is a map.
export const absentOf = (record, method, target) => {
  if (valuesOf(record, method, target)) return "";
  const { title } = legendOf(method), maps = record.maps[method] ?? {};
  const there = Object.keys(record.base).filter((name) => name in maps);
  return there.length ? `No map of ${target} by this method (${title}), only of ${there.join(", ")}.`
    : `No map by this method (${title}) of this text.`;
};
export const scaleOf = (record, method, target, limit = limitOf(record, method)) => {
  const { signed: both, unit } = legendOf(method), remark = absentOf(record, method, target);
  const told = isAlways(method) ? "" : unit;
  return both ? { remark, both, unit: told, low: `${signed(-limit)} against`, high: `${signed(limit)} for ${target}` }
    : { remark, both, unit: "", low: "0", high: `${plain(limit)} ${told || "attention"}` };
};
// Lists of words that pull hardest: [heading, [[word, value, times]]].
export const wordsOf = (record, method, target) => {
  const found = valuesOf(record, method, target);
  if (!found) return [];
  const merged = new Map(), limit = limitOf(record, method), attention = method === "attention";
  found.forEach((value, i) => {
    const form = record.tokens[i].text.toLowerCase(), [total, times] = merged.get(form) ?? [0, 0];
    merged.set(form, [total + value, times + 1]);
  });
  const order = [...merged].map(([word, [total, times]]) => [word, total, times]).filter((x) => levelOf(x[1], limit));
  order.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1));
  const spell = attention ? plain : signed;
  const first = (fits) => order.filter(fits).slice(0, WORDS)
    .map(([word, value, times]) => [listed(word), spell(value) + (times > 1 ? ` ×${times}` : "")]);
  if (attention) return [["most read", first((x) => x[1] > 0)]];
  return [["for", first((x) => x[1] > 0)], ["against", first((x) => x[1] < 0)]];
};

// What the numbers add up to, and of which parts.
const partsOf = ({ parts = {} }, target) => {
  const there = Object.keys(PARTS).filter((key) => key in parts);
  if (!there.length) return "";
  if (there.length === 1) return `; words: all ${PARTS[there[0]]}`;
  return `; words: ${there.map((key) => `${PARTS[key]} ${even(parts[key][target])}`).join(", ")}`;
};
export const sumOf = (record, method, target) => {
  if (!isAlways(method)) {
    const missing = record.missing[method]?.[target];
    if (missing === undefined) return "";
    const total = sum(record.maps[method][target] ?? []);
    return `words ${even(total)} log-odds for ${target} (${missing ? `completeness ${remainder(missing)}` : "complete"})`;
  }
  const total = sum(valuesOf(record, "contribution", target));
  return `base ${even(record.base[target])} ${total < 0 ? "−" : "+"} words ${even(Math.abs(total))} = ` +
    `${even(record.logits[target])} log-odds for ${target} (${remainder(record.error[target])})${partsOf(record, target)}`;
};
export const readingOf = ({ prediction }) => {
  const { tokens, unknown, cut } = prediction;
  return [`${tokens} token${tokens === 1 ? "" : "s"}`, unknown ? `${unknown} unknown to the vocabulary` : "",
    cut ? `${cut} NOT READ (max_tokens)` : ""].filter(Boolean).join(", ");
};
export const verdictOf = ({ prediction }) =>
  prediction.labels.map((name) => `${name} ${chance(prediction.probabilities[name])}`).join(", ") || "none of the classes";
