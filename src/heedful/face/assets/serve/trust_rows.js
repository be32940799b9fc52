// The rows of a card of trust, as trust_rows.py words them.
import { EDGE, NO_ATTENTION, RIGHT } from "./legend.js";
import { percent, plain, remainder, sum } from "./numbers.js";

const way = (share) => {
  if (share === null) return "but no order does much better than chance";
  return share < 0 ? "worse than they are on average" : `${percent(share)} of the way to the best order`;
};
const judged = ({ randoms, beaten, share }) => {
  if (!randoms.length) return "no random maps to compare with";
  return `beats ${beaten === randoms.length ? `all ${beaten}` : `${beaten} of ${randoms.length}`} random maps, ${way(share)}`;
};
const flip = ({ share, flipped, randoms, random_median: median }) => {
  const own = flipped ? `${percent(share)} of the words` : "never";
  return randoms.length ? `${own}; random orders: ${median < 1 ? percent(median) : "never"}` : own;
};
// Scores as places on a line, from the worst to the best; null where they are all one.
const strip = ({ value, randoms, random_mean: mean, best, higher_is_better: up }) => {
  if (!randoms.length) return null;
  const every = [...randoms, mean, best, value].map((x) => (up ? x : -x));
  const low = Math.min(...every), room = Math.max(...every) - low;
  if (!(room > 1e-12)) return null;
  const places = every.map((x) => EDGE + Math.round(((x - low) / room) * (RIGHT - 2 * EDGE)));
  return { randoms: places.slice(0, -3), mean: places.at(-3), best: places.at(-2), value: places.at(-1) };
};
const scored = (key, score) => ({
  key, says: judged(score), strip: strip(score),
  numbers: `◆ map ${plain(score.value)}${score.randoms.length ? `  ┃ random ${plain(score.random_mean)}` : ""}  ○ best ${plain(score.best)}`,
});

export const rowsOf = (record, method) => {
  const trust = record.trust[method], { tau, tau_ceiling: ceiling, uniform } = trust;
  const missing = method === "contribution" ? record.error[trust.target] : record.missing[method]?.[trust.target];
  const rows = [
    scored("comprehensiveness", trust.comprehensiveness),
    scored("sufficiency", trust.sufficiency),
    { key: "attention_flip", says: trust.attention_flip ? flip(trust.attention_flip) : NO_ATTENTION },
    { key: "input_flip", says: flip(trust.input_flip) },
    { key: "tau", says: (tau === null ? "not defined: all numbers alike" : plain(tau)) + (ceiling === null ? "" : `; ceiling ${plain(ceiling)}`) },
    { key: "uniform", says: uniform === null ? NO_ATTENTION : `moves the probability by ${plain(uniform)}` },
  ];
  if (missing !== undefined) {
    const size = remainder(missing).replace(/^error /, "");
    rows.push({ key: "missing", says: size === "no error" ? "none" : `${size} log-odds` });
  }
  return rows;
};
export const aboutOf = (trust, target) =>
  `about the predicted class, ${trust.target}${target === trust.target ? "" : `; the map is about ${target}`}`;
