// What a screen reader is told: one thing at a time, the last one counts.
import { find } from "./dom.js";

let waiting = 0;

export const announce = (words, after = 0) => {
  clearTimeout(waiting); // what was still to be said is out of date
  const say = () => { find("said").textContent = words; };
  if (after) waiting = setTimeout(say, after);
  else say();
};
