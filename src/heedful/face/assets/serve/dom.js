// Elements, and characters. All text goes in as text: nothing here reads markup.
import { HIDDEN } from "./legend.js";

export const find = (id) => document.getElementById(id);
export const tag = (name, content = "", kind = "") => {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  element.append(...[content].flat());
  return element;
};
const SVG = "http://www.w3.org/2000/svg";
export const drawn = (name, attributes, content = []) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
};
export const option = (value, label, chosen) => {
  const element = tag("option", label);
  element.value = value;
  element.selected = chosen;
  return element;
};

// Records count characters (code points), strings of JavaScript count UTF-16 units.
export const characters = (text) => Array.from(text);
export const listed = (word) => (/^\s+$/.test(word) ? "␣".repeat(word.length) : word);

// Characters that act instead of showing, each in a tag that names it.
const acting = new RegExp(HIDDEN, "g");
export const revealed = (text) => {
  const parts = [];
  let last = 0;
  for (const { 0: char, index } of text.matchAll(acting)) {
    const named = tag("i", char, "ctl");
    named.style.unicodeBidi = "isolate";
    named.dataset.c = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(text.slice(last, index), named);
    last = index + char.length;
  }
  return [...parts, text.slice(last)];
};
