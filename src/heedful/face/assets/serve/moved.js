// What an edit moved: two records of one model, laid side by side word by word.
import { listed, tag } from "./dom.js";
import { aligned } from "./diff.js";
import { legendOf, limitOf, surfacesOf, valuesOf } from "./heat.js";
import { legendBar, mapOf, numbersOf, tableOf } from "./map_view.js";
import { chance, even, plain, shift, signed, sum } from "./numbers.js";

const SHOWN = 8; // words in the list of what moved most

// [{before, after: surface or "", same, from, to, change}] in the order of the texts.
export const changesOf = (first, second, method, target) => {
  const [was, is] = [first, second].map((record) => valuesOf(record, method, target));
  const [before, after] = [first, second].map(surfacesOf);
  const forms = [first, second].map((record) => record.tokens.map((token) => token.text));
  return aligned(...forms).map(({ i, j, same }) => {
    const from = i < 0 ? null : was[i], to = j < 0 ? null : is[j];
    return { i, j, same, before: i < 0 ? "" : before[i], after: j < 0 ? "" : after[j], from, to, change: (to ?? 0) - (from ?? 0) };
  });
};
// The change of the log-odds: words edited, other words, and whatever else the sum has.
export const accountOf = (first, second, target) => {
  const changes = changesOf(first, second, "contribution", target);
  const [edited, others] = [false, true].map((kept) => sum(changes.filter(({ same }) => same === kept).map(({ change }) => change)));
  const total = second.logits[target] - first.logits[target], rest = total - edited - others;
  return { total, edited, others, rest };
};
const told = (value) => (value > 0 ? "+" : "") + even(value);

const verdict = (first, second, target) => {
  const [p, q] = [first, second].map(({ prediction }) => prediction.probabilities[target]);
  const { total, edited, others, rest } = accountOf(first, second, target);
  const names = [first, second].map(({ prediction }) => prediction.labels.join(", ") || "none of the classes");
  const decision = names[0] === names[1] ? `still ${names[0]}` : `${names[0]} → ${names[1]}`;
  return [
    tag("h2", [tag("strong", `${target} ${chance(p)} → ${chance(q)}`), " ", tag("span", shift(q - p), q < p ? "change less" : "change more"), " ", tag("span", decision, "others")], "head"),
    tag("p", `log-odds for ${target} ${even(first.logits[target])} → ${even(second.logits[target])}: ${told(total)}, of which edited words ${told(edited)}, ` +
      `other words ${told(others)}${Math.abs(rest) >= 0.0005 ? `, base and rest ${told(rest)}` : ""}`, "sum"),
  ];
};
const cell = (word, value, spell) => (word ? [tag("q", listed(word)), ` ${spell(value)}`] : "–");
const moves = (changes, method, all) => {
  const spell = legendOf(method).signed ? signed : plain;
  const order = all ? changes : changes.filter(({ change }) => signed(change) !== "0")
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, SHOWN);
  if (!order.length) return tag("p", "No word’s number has changed.", "empty");
  const rows = order.map((one) => [cell(one.before, one.from, spell), cell(one.after, one.to, spell),
    tag("span", signed(one.change), one.change < 0 ? "change less" : one.change > 0 ? "change more" : ""), one.same ? "" : one.before ? one.after ? "replaced" : "taken out" : "put in"]);
  const table = tableOf(["first text", "second text", "change", "edit"], rows, all ? "Every word of both texts, and how its number changed" : "The words whose numbers changed most");
  table.classList.add("moves");
  return table;
};

export const drawMoved = (article, first, second, view) => {
  const { method, target } = view;
  const changes = changesOf(first, second, method, target);
  const limit = Math.max(limitOf(first, method), limitOf(second, method)); // one scale for both
  const side = (title, record, key) => {
    const moved = new Set(changes.filter((one) => !one.same && one[key] >= 0).map((one) => one[key]));
    const own = { ...view, limit, moved };
    return tag("section", [tag("h3", title), record.tokens.length ? (view.look === "table" ? numbersOf(record, own) : mapOf(record, own))
      : tag("p", "Nothing to read: the decision is the bias.", "empty")]);
  };
  const edited = changes.some(({ same }) => !same);
  article.replaceChildren(...verdict(first, second, target),
    ...(edited ? [] : [tag("p", "Both texts are the same to the model: edit a word in one of them.", "empty")]),
    tag("div", [side("First text", first, "i"), side("Second text", second, "j")], "pair"),
    legendBar(first, { ...view, limit }), tag("h3", "What moved most"), moves(changes, method, view.look === "table"));
};
