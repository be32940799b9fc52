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

// Characters that act instead of showing are named; revealed.js stands before all modules.
export const revealed = revealing(HIDDEN);
