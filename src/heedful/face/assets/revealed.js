"use strict";
// Text in which each character that acts instead of showing stands in a tag that names it; `hidden`
// is a pattern of these characters.
const revealing = (hidden) => {
  const acting = new RegExp(hidden, "g");
  return (text) => {
    const parts = [];
    let last = 0;
    for (const { 0: char, index } of text.matchAll(acting)) {
      const named = document.createElement("i");
      named.className = "ctl";
      named.style.unicodeBidi = "isolate";
      named.dataset.c = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      named.append(char);
      parts.push(text.slice(last, index), named);
      last = index + char.length;
    }
    return [...parts, text.slice(last)];
  };
};
