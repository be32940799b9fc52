// Two texts beside each other: edit a word, and see what moves.
import { announce } from "./announce.js";
import { explain } from "./api.js";
import { find, tag } from "./dom.js";
import { failures } from "./failures.js";
import { isAlways, legendOf, valuesOf } from "./heat.js";
import { latest } from "./latest.js";
import { drawMoved } from "./moved.js";
import { chance, shift } from "./numbers.js";
import { chosen } from "./state.js";
import { targetAsked, viewOf } from "./text_panel.js";

const PAUSE = 200;

export const comparePanel = (modelOf) => {
  const fields = [find("first"), find("second")], article = find("compared");
  let records = null;
  const view = () => viewOf(records[0]); // the first text's class, for both
  const draw = () => {
    drawMoved(article, ...records, view());
    article.hidden = false;
    article.removeAttribute("aria-busy");
    const { target } = view(), [p, q] = records.map(({ prediction }) => prediction.probabilities[target]);
    announce(`${target} ${chance(p)} to ${chance(q)}, ${shift(q - p)}`);
  };
  const both = async (signal, methods, target) => {
    const asked = await Promise.all(fields.map(({ value }) => explain(modelOf().name, value, { methods, target }, signal)));
    return asked;
  };
  const clear = () => {
    records = null;
    article.hidden = true;
    article.replaceChildren();
  };
  const work = latest(async (signal, current) => {
    const { method } = chosen;
    let found = await both(signal, [], targetAsked(modelOf()));
    if (!isAlways(method)) {
      if (current()) find("compare-state").replaceChildren(tag("p", `Working out: ${legendOf(method).title} …`));
      found = await both(signal, [method], targetAsked(modelOf()) ?? found[0].target);
    }
    if (!current()) return;
    fails.clear();
    records = found;
    if (found.every((record) => valuesOf(record, method, view().target))) draw();
    else fails.say(`There is no map of ${view().target} by this method (${legendOf(method).title}).`);
  }, (error) => {
    if (error.status !== 0 && error.status !== 503) clear();
    article.removeAttribute("aria-busy");
    fails.failed(error);
  });
  const ask = (pause = 0) => {
    if (fields.some(({ value }) => value.trim() === "")) {
      work.stop();
      clear();
      fails.clear();
      fails.say("Two texts are needed: type or paste one into each box.");
      return;
    }
    if (!article.hidden) article.setAttribute("aria-busy", "true");
    work.ask(pause);
  };
  const fails = failures(find("compare-state"), () => ask());
  fields.forEach((field) => field.addEventListener("input", () => ask(PAUSE)));
  find("copy").addEventListener("click", () => {
    fields[1].value = fields[0].value;
    fields[1].focus();
    ask();
  });
  return {
    ask,
    // Comes with the text of the first tab, for people to edit.
    begin: (text) => {
      if (fields.every(({ value }) => value.trim() === "")) fields.forEach((field) => { field.value = text; });
      ask();
    },
    redraw: () => {
      if (!records) return ask();
      const { method, target } = view();
      return records.every((record) => valuesOf(record, method, target)) ? draw() : ask();
    },
  };
};
