// The card of trust: measured on request, because it asks the model hundreds of times.
import { announce } from "./announce.js";
import { drawn, find, tag } from "./dom.js";
import { KEY, MEASURES, RIGHT } from "./legend.js";
import { aboutOf, rowsOf } from "./trust_rows.js";

const marks = ({ randoms, mean, best, value }) => drawn("svg", { viewBox: `0 0 ${RIGHT} 16`, "aria-hidden": "true" }, [
  drawn("path", { class: "rd", d: randoms.map((x) => `M${x} 8h0`).join("") }),
  drawn("path", { class: "mn", d: `M${mean} 2v12` }),
  drawn("circle", { cx: best, cy: 8, r: 5 }),
  drawn("path", { class: "me", d: `M${value - 5} 8l5-5l5 5l-5 5z` }),
]);
const line = ({ key, says, numbers, strip }) => tag("div", [
  tag("dt", [MEASURES[key].label, " ", tag("small", MEASURES[key].better)]),
  tag("dd", [says, ...(strip ? [tag("br"), marks(strip)] : []), ...(numbers ? [tag("small", numbers)] : [])]),
]);
export const trustCard = (record, method, target) => {
  const trust = record.trust[method];
  return tag("section", [tag("p", trust.sentence, "finding"), tag("p", aboutOf(trust, target), "about"),
    tag("dl", rowsOf(record, method).map(line)), meanings()], trust.trusted ? "trust yes" : "trust");
};
const meanings = () => tag("details", [tag("summary", "What these numbers mean"),
  tag("p", `${KEY}. Further right is better on every line.`, "small"),
  tag("dl", Object.values(MEASURES).map(({ label, means }) => tag("div", [tag("dt", label), tag("dd", means)])), "meanings")]);

// `measure(signal)` fetches a record with cards; `shown(record)` keeps it and draws.
export const trustAsker = (box, measure, shown, failed) => {
  let control = null, clock = 0;
  const button = (label, act) => {
    const element = tag("button", label);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  };
  const stop = () => { control?.abort(); control = null; clearInterval(clock); };
  const offer = () => {
    stop();
    box.replaceChildren(button("How far to trust this map?", start),
      tag("span", "Deletes words and asks the model again, hundreds of times: some seconds for a short text, longer for a long one.", "small"));
  };
  const start = async () => {
    const mine = new AbortController(), begun = performance.now();
    control = mine;
    const told = tag("span", "measuring … 0 s", "small"), bar = tag("progress");
    bar.setAttribute("aria-label", "The map is being measured");
    const cancel = button("Cancel", () => { offer(); box.querySelector("button").focus(); });
    box.replaceChildren(tag("div", [bar, told, cancel], "working"));
    cancel.focus();
    announce("Measuring how far to trust this map");
    clock = setInterval(() => { told.textContent = `measuring … ${Math.round((performance.now() - begun) / 1000)} s`; }, 1000);
    try {
      const record = await measure(mine.signal);
      if (control === mine) { stop(); shown(record); box.querySelector(".finding")?.setAttribute("tabindex", "-1"); box.querySelector(".finding")?.focus(); }
    } catch (error) {
      if (control !== mine) return;
      offer();
      if (error.name !== "AbortError") failed(error);
    }
  };
  const show = (record, method, target) => {
    stop();
    box.replaceChildren(trustCard(record, method, target));
    announce(record.trust[method].sentence);
  };
  return { offer, show, stop };
};
