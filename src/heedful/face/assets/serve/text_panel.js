// A text and what the model says of it, as it is typed.
import { announce } from "./announce.js";
import { explain } from "./api.js";
import { drawCard } from "./card.js";
import { characters, find, tag } from "./dom.js";
import { failures } from "./failures.js";
import { isAlways, legendOf, valuesOf, verdictOf } from "./heat.js";
import { latest } from "./latest.js";
import { drawRewriting } from "./rewriting.js";
import { chosen } from "./state.js";
import { trustAsker } from "./trust_view.js";

const PAUSE = 150, ANNOUNCED = 700; // milliseconds after the last key
export const viewOf = (record) => ({
  method: chosen.method, look: chosen.look,
  target: chosen.class in record.base ? chosen.class : record.target,
});
export const targetAsked = (model) => (model.labels?.includes(chosen.class) ? chosen.class : null);
// The record, and then once more with the map of a method that has to be worked out.
export const explained = async (model, text, signal, show) => {
  const target = targetAsked(model), { method } = chosen;
  const record = await explain(model.name, text, { methods: [], target }, signal);
  show(record, isAlways(method));
  if (isAlways(method)) return record;
  const more = await explain(model.name, text, { methods: [method], target: target ?? record.target }, signal);
  show(more, true);
  return more;
};

export const textPanel = (modelOf) => {
  const field = find("text"), article = find("result"), trust = find("trust");
  let record = null;
  const say = (words) => announce(words, ANNOUNCED);
  const clear = () => {
    record = null;
    asker.stop();
    trust.hidden = true;
    article.hidden = true;
    article.replaceChildren();
    article.removeAttribute("aria-busy");
    find("empty").hidden = field.value.trim() !== "";
  };
  const draw = () => {
    const view = viewOf(record);
    drawCard(article, record, view);
    if (record.tokens.length && record.prediction.unknown === record.prediction.tokens) {
      article.querySelector(".head").after(tag("p", "The model knows none of these words: what it says rests on how unknown words look, and on its bias.", "notice"));
    }
    trust.hidden = !record.tokens.length || !valuesOf(record, view.method, view.target);
    if (record.trust[view.method]) asker.show(record, view.method, view.target); else asker.offer();
  };
  const show = (found, whole) => {
    fails.clear();
    find("empty").hidden = true;
    record = found;
    article.hidden = false;
    draw();
    if (whole) article.removeAttribute("aria-busy");
    else article.querySelector(".scale")?.replaceChildren(tag("span", `Working out: ${legendOf(chosen.method).title} …`));
    say(verdictOf(found));
  };
  const rewrite = async (model, signal, current) => {
    const found = await explain(model.name, field.value, {}, signal);
    if (!current()) return;
    clear();
    fails.clear();
    article.hidden = false;
    drawRewriting(article, found);
    say(found.text);
  };
  const work = latest(async (signal, current) => {
    const model = modelOf();
    if (model.task === "sequence") return rewrite(model, signal, current);
    return explained(model, field.value, signal, (found, whole) => { if (current()) show(found, whole); });
  }, (error) => {
    if (error.status !== 0 && error.status !== 503) clear();
    article.removeAttribute("aria-busy");
    fails.failed(error);
  });
  const tooLong = () => {
    const most = modelOf()?.max_characters ?? Infinity, size = field.value.length > most ? characters(field.value).length : 0;
    return size > most ? `This text has ${size.toLocaleString("en")} characters; the server takes ${most.toLocaleString("en")} at most.` : "";
  };
  const ask = (pause = 0) => {
    asker.stop();
    if (field.value.trim() === "") { work.stop(); fails.clear(); clear(); return; }
    if (tooLong()) { work.stop(); clear(); fails.refused(tooLong()); return; }
    if (!article.hidden) article.setAttribute("aria-busy", "true");
    work.ask(pause);
  };
  const fails = failures(find("text-state"), () => ask(), field);
  const asker = trustAsker(trust, (signal) => {
    const { method, target } = viewOf(record);
    return explain(modelOf().name, record.text, { methods: isAlways(method) ? [] : [method], target, trust: true }, signal);
  }, (found) => { record = found; draw(); }, fails.failed);

  field.addEventListener("input", () => ask(PAUSE));
  return {
    ask,
    // Another method, class or look: drawn anew, and asked for where the record lacks it.
    redraw: () => {
      if (!record) return ask();
      const { method, target } = viewOf(record);
      return record.text === field.value && valuesOf(record, method, target) ? draw() : ask();
    },
    fill: (text) => { field.value = text; ask(); },
    text: () => field.value,
  };
};
