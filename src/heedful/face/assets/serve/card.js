// What the model says of a text, and what that rests on.
import { tag } from "./dom.js";
import { isAlways, readingOf, sumOf, verdictOf } from "./heat.js";
import { PARTS } from "./legend.js";
import { legendBar, mapOf, numbersOf, wordLists } from "./map_view.js";
import { chance, even } from "./numbers.js";

const SHOWN = 6; // classes with a bar; the rest is told as a number

const bar = (share, kind = "") => {
  const filled = tag("span", "", kind);
  filled.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  const track = tag("span", filled, "track");
  track.setAttribute("aria-hidden", "true");
  return track;
};
export const barRow = (name, share, number, kind) => tag("li", [tag("bdi", name, "name"), bar(share, kind), tag("span", number, "value")]);
export const classBars = ({ prediction }) => {
  const order = Object.entries(prediction.probabilities).sort((a, b) => b[1] - a[1]);
  const rows = order.slice(0, SHOWN).map(([name, p]) => barRow(name, p, chance(p), prediction.labels.includes(name) ? "own" : ""));
  const list = tag("ul", rows, "bars");
  list.setAttribute("aria-label", "Probability of each class");
  return order.length > SHOWN ? [list, tag("p", `and ${order.length - SHOWN} classes less probable`, "small")] : [list];
};
// How much of the decision each part of the model brings, on one scale.
export const partBars = ({ parts = {} }, target) => {
  const there = Object.keys(PARTS).filter((key) => key in parts);
  if (there.length < 2) return [];
  const most = Math.max(...there.map((key) => Math.abs(parts[key][target])), 1e-9);
  const whole = there.reduce((total, key) => total + Math.abs(parts[key][target]), 0) || 1;
  const rows = there.map((key) => {
    const value = parts[key][target], share = Math.round((100 * Math.abs(value)) / whole);
    return barRow(PARTS[key], Math.abs(value) / most, `${value > 0 ? "+" : ""}${even(value)} · ${share} %`, value < 0 ? "con" : "pro");
  });
  const list = tag("ul", rows, "bars parts");
  list.setAttribute("aria-label", `What the parts of the model add, in log-odds for ${target}`);
  return [tag("p", `What the parts add, in log-odds for ${target}`, "small label"), list];
};
export const headOf = (record) => tag("h2", tag("strong", verdictOf(record)), "head");

export const drawCard = (article, record, view) => {
  const read = record.tokens.length > 0;
  const body = !read ? [tag("p", "Nothing to read: the decision is the bias.", "empty")]
    : [view.look === "table" ? numbersOf(record, view) : mapOf(record, view), legendBar(record, view), wordLists(record, view)];
  const said = sumOf(record, view.method, view.target);
  const sum = tag("p", (said ? `${said} · ` : "") + readingOf(record), "sum");
  const parts = isAlways(view.method) ? partBars(record, view.target) : [];
  article.replaceChildren(headOf(record), ...classBars(record), ...body, sum, ...parts);
};
