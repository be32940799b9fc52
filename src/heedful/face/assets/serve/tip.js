// The numbers of one word, beside it while it is pointed at, and aloud when keys go there.
import { announce } from "./announce.js";
import { find, listed, tag } from "./dom.js";
import { legendOf, isAlways, surfacesOf, valuesOf } from "./heat.js";

const precise = (value) => (value < 0 ? "−" : "") + Math.abs(value).toPrecision(3);
const towards = (value, target) => `${value > 0 ? "+" : ""}${precise(value)} ${value < 0 ? "against" : "for"} ${target}`;

const linesOf = (record, i, { method, target }) => {
  const contribution = towards(record.tokens[i].contributions[target], target);
  const { attention } = record.tokens[i];
  const lines = isAlways(method) ? [contribution] : [`contribution ${contribution}`];
  if (attention !== null) lines.push(`attention ${precise(attention)}`);
  if (!isAlways(method)) {
    const found = valuesOf(record, method, target);
    lines.unshift(`${legendOf(method).title} ${found ? towards(found[i], target) : "has no map of this class"}`);
  }
  return lines;
};
const place = (beside, content) => {
  const tip = find("tip"), box = beside.getBoundingClientRect();
  tip.replaceChildren(...content);
  tip.hidden = false;
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const below = box.top < tip.offsetHeight + 12;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
};
const hide = () => { find("tip").hidden = true; };
addEventListener("scroll", hide, { passive: true });

// Pointer and keys of a map that has just been drawn; `spots` are its words' elements by token.
export const wordTips = (map, record, view, spots) => {
  const surfaces = surfacesOf(record), there = [...spots.keys()].sort((a, b) => a - b);
  let at = -1;
  const tell = (i, aloud) => {
    const lines = linesOf(record, i, view), form = record.tokens[i].text;
    if (form.toLowerCase() !== surfaces[i].toLowerCase()) lines.push(`read as ${form.toLowerCase()}`);
    place(spots.get(i), [tag("strong", listed(surfaces[i])), ...lines.map((line) => tag("span", line))]);
    if (aloud) announce(`${surfaces[i]}: ${lines.join(", ")}`);
  };
  const leave = () => {
    hide();
    spots.get(there[at])?.classList.remove("at");
    at = -1;
  };
  const go = (to) => {
    leave();
    at = to;
    const spot = spots.get(there[at]);
    spot.classList.add("at");
    spot.scrollIntoView({ block: "nearest" });
    tell(there[at], true);
  };
  map.onpointerover = (event) => {
    const word = event.target.closest("b");
    if (word) tell(word.token, false); else hide();
  };
  map.onpointerleave = hide;
  map.onblur = leave;
  map.onkeydown = (event) => {
    const turn = getComputedStyle(map).direction === "rtl" ? -1 : 1, last = there.length - 1;
    const to = { ArrowRight: at + turn, ArrowLeft: at - turn, Home: 0, End: last }[event.key];
    if (event.key === "Escape") leave();
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(Math.max(0, Math.min(last, to)));
  };
};
