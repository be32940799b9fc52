// A sequence rewritten: what was read, what was written, and the map between them. The elements
// are those of the pages of alignments, so that alignment.js lights them up and alignment.css
// draws them.
import { BLANKS, FOLD_FROM, FOLD_LEAST, HIDDEN, LONGEST, SHADES } from "./legend.js";
import { characters, revealed, tag } from "./dom.js";
import { chance } from "./numbers.js";

const acts = new RegExp(`^(?:[\\0\\r]|${HIDDEN})$`, "u");
const code = (char) => `‹U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;
const visible = (char) => BLANKS[char] ?? (acts.test(char) || /^\s$/u.test(char) ? code(char) : char);
const isBlank = (char) => char in BLANKS || acts.test(char);
export const labelOf = (text) => {
  const chars = characters(text);
  if (chars.length && chars.every((char) => /\p{Cf}/u.test(char))) return chars.map(code).join("");
  const bare = (/^\p{M}/u.test(text) ? "◌" : "") + chars.map(visible).join("");
  const signs = [...new Intl.Segmenter().segment(bare)].map(({ segment }) => segment);
  if (signs.length <= LONGEST) return bare;
  const tail = Math.floor((LONGEST - 1) / 2);
  return [...signs.slice(0, LONGEST - 1 - tail), "…", ...signs.slice(-tail)].join("");
};
const shadeOf = (weight) => Math.floor(Math.min(1, weight) * SHADES + 0.5);
const numberOf = (weight) => {
  const hundredths = Math.floor(100 * weight + 0.5);
  if (hundredths >= 100) return "1";
  return hundredths > 0 ? `.${String(hundredths).padStart(2, "0")}` : "";
};
const named = (token, chars) => {
  const own = chars.slice(token.start, token.end).join("") || token.text, label = labelOf(own);
  return characters(own).every(isBlank) ? tag("i", label) : label;
};

// Stretches of a long source that no output looked at become one column each.
const folded = (record) => {
  const { source_tokens: tokens, weights } = record;
  if (tokens.length <= FOLD_FROM) return record;
  const seen = tokens.map((_, j) => weights.some((row) => row[j] >= 0.5 / SHADES)), stretches = [];
  for (let j = 0; j < tokens.length;) {
    let end = j + 1;
    while (!seen[j] && end < tokens.length && !seen[end]) end++;
    if (end - j > FOLD_LEAST) stretches.push([j, end]);
    else for (let k = j; k < end; k++) stretches.push([k, k + 1]);
    j = end;
  }
  const token = ([start, end]) => (end - start === 1 ? tokens[start]
    : { text: `⋯${end - start}`, start: tokens[start].start, end: tokens[start].start });
  return { ...record, source_tokens: stretches.map(token),
    weights: weights.map((row) => stretches.map(([start, end]) => row.slice(start, end).reduce((a, b) => a + b, 0))) };
};

const boxes = (tokens, text, make) => {
  const chars = characters(text), parts = [];
  let last = 0;
  tokens.forEach((token, i) => {
    parts.push(...revealed(chars.slice(last, token.start).join("")), make(named(token, chars), i));
    last = Math.max(last, token.end);
  });
  return [...parts, ...revealed(chars.slice(last).join(""))];
};
const line = (side, content, kind) => {
  const text = tag("p", content, kind);
  text.dir = "auto";
  return tag("div", [tag("span", side, "side"), text], "line");
};
const matrix = (record) => {
  const read = characters(record.source), wrote = characters(record.text);
  const cell = (kind, content, scope) => {
    const element = tag(kind, content);
    element.scope = scope;
    return element;
  };
  const columns = record.source_tokens.map((token) => {
    const label = named(token, read), head = cell("th", tag("span", label), "col");
    if (characters(typeof label === "string" ? label : label.textContent).length > 2) head.className = "long";
    return head;
  });
  const rows = record.tokens.map((token, i) => tag("tr", [cell("th", tag("bdi", named(token, wrote)), "row"),
    ...record.weights[i].map((weight) => tag("td", numberOf(weight), shadeOf(weight) ? `w${shadeOf(weight)}` : ""))]));
  const box = tag("div", tag("table", [tag("thead", tag("tr", [tag("td"), ...columns])), tag("tbody", rows)]), "matrix");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Attention of each written symbol to each read one");
  return box;
};
const remarks = (record) => {
  const said = record.finished ? [] : ["cut off: the maximum length was reached before the end was written"];
  if (!record.tokens.length) said.push("nothing was written: there is no map to draw");
  else if (!record.source_tokens.length) said.push("nothing was read: there is no map to draw");
  else if (!record.weights.some((row) => row.length)) said.push("this network has no attention: there is no map to draw");
  return said.map((remark) => tag("p", remark, "empty"));
};
const drawable = ({ tokens, source_tokens: read, weights }) => tokens.length && read.length && weights.some((row) => row.length);

export const drawRewriting = (article, whole) => {
  const sure = `probability ${chance(Math.min(1, Math.exp(Math.min(0, whole.log_probability))))}`;
  const head = tag("h2", [tag("strong", tag("bdi", whole.text || "(nothing)")), " ", tag("span", sure, "others")], "head");
  if (!drawable(whole)) return article.replaceChildren(head, ...remarks(whole));
  const record = folded(whole), fold = record === whole ? [] : [tag("p", "⋯: symbols in a row that no output looked at; their weights are added up", "empty")];
  const read = boxes(record.source_tokens, record.source, (label) => tag("span", [tag("b", label), tag("small")], "s"));
  const wrote = boxes(record.tokens, record.text, (label, i) => {
    const button = tag("button", [tag("b", label), tag("small", chance(record.probabilities[i]))], "o");
    button.type = "button";
    return button;
  });
  const told = tag("p", "", "told");
  told.setAttribute("aria-live", "polite");
  article.replaceChildren(head, ...remarks(record), ...fold, line("read", read, "read"), line("written", wrote, "wrote"), told,
    tag("p", "Point at a written symbol, tap it, or reach it with the tab and arrow keys: what was read to write it lights up.", "small"), matrix(record));
  return lightUp(article); // of alignment.js
};
