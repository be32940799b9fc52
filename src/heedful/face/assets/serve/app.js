// The page: which models there are, what is chosen, and the three things to do with them.
import { askJson } from "./api.js";
import { comparePanel } from "./compare_panel.js";
import { find, option, tag } from "./dom.js";
import { failures, takeTokens } from "./failures.js";
import { filePanel } from "./file_panel.js";
import { legendOf } from "./heat.js";
import { choose, chosen, LOOKS, onChange, readAddress } from "./state.js";
import { tabs } from "./tabs.js";
import { textPanel } from "./text_panel.js";

let models = [];
const modelOf = () => models.find(({ name }) => name === chosen.model) ?? models[0];
const EXAMPLES = 6;
const isSequence = (model) => model.task === "sequence";
const panels = { text: textPanel(modelOf), compare: comparePanel(modelOf), file: filePanel(modelOf) };

// What the address says may not exist: anything unknown falls back to the first there is.
const settle = () => {
  const model = modelOf(), methods = methodsOf(model);
  chosen.model = model.name;
  if (!methods.includes(chosen.method)) chosen.method = methods.includes(model.method) ? model.method : methods[0] ?? "";
  if (!(model.labels ?? []).includes(chosen.class)) chosen.class = "";
  if (!LOOKS.includes(chosen.look)) chosen.look = LOOKS[0];
  if (!(chosen.tab in panels) || (isSequence(model) && chosen.tab === "compare")) chosen.tab = "text";
};
const methodsOf = ({ methods = [] }) => {
  const names = methods.filter((name) => name !== "random");
  return names.includes("contribution") ? ["contribution", ...names.filter((name) => name !== "contribution")] : names;
};

const showModel = (model) => {
  find("model").replaceChildren(...models.map(({ name }) => option(name, name, name === model.name)));
  find("model-field").hidden = models.length < 2;
  find("about").textContent = [models.length < 2 ? model.name : "", isSequence(model) ? "rewrites sequences" : model.task,
    model.labels?.length ? `${model.labels.length} classes` : "", model.encoder ? `encoder ${model.encoder}` : "",
    model.attention ? `attention ${model.attention}` : ""].filter(Boolean).join(" · ");
  find("method").replaceChildren(...methodsOf(model).map((name) => option(name, legendOf(name).title, name === chosen.method)));
  find("class").replaceChildren(option("", "the predicted class", chosen.class === ""),
    ...(model.labels ?? []).map((name) => option(name, name, name === chosen.class)));
};
const show = () => {
  settle();
  const model = modelOf();
  showModel(model);
  find("panel-text").classList.toggle("rewrites", isSequence(model));
  find("tab-compare").hidden = isSequence(model);
  find("tools").hidden = isSequence(model) || chosen.tab === "file";
  find("says").hidden = find("tools").hidden;
  find("says").textContent = legendOf(chosen.method).says;
  find("text-label").textContent = isSequence(model) ? "Your text, to be rewritten" : "Your text";
  for (const radio of find("look").querySelectorAll("input")) radio.checked = radio.value === chosen.look;
  bar.show(chosen.tab);
};
const bar = tabs(find("tabs"), (tab) => choose({ tab }));

const showExamples = async (model) => {
  const box = find("examples"), list = box.querySelector("ul");
  box.hidden = true;
  let found = { examples: [] };
  try { found = await askJson(`examples?${new URLSearchParams({ model: model.name })}`); } catch { /* examples are an extra */ }
  if (model !== modelOf()) return;
  const texts = found.examples.slice(0, EXAMPLES).map(({ text }) => text);
  list.replaceChildren(...texts.map((text) => {
    const button = tag("button", text, "example");
    button.type = "button";
    button.dir = "auto";
    button.title = text.slice(0, 300);
    button.addEventListener("click", () => { panels.text.fill(text); find("text").focus(); });
    return tag("li", button);
  }));
  box.hidden = !texts.length;
};

let drawn = { model: "", tab: "" };
onChange(() => {
  if (!models.length) return;
  show();
  const before = drawn, { model, tab } = chosen;
  drawn = { model, tab };
  if (before.model !== model) showExamples(modelOf());
  if (tab === "compare" && before.tab !== tab) panels.compare.begin(panels.text.text());
  else if (before.model !== model || (before.tab && before.tab !== tab)) panels[tab].ask();
  else panels[tab].redraw();
});

const fails = failures(find("state"), () => start());
const start = async () => {
  try {
    models = await askJson("models");
  } catch (error) { return fails.failed(error); }
  fails.clear();
  find("page").hidden = false;
  choose({});
  return undefined;
};

readAddress();
takeTokens();
find("model").addEventListener("change", (event) => choose({ model: event.target.value, class: "" }));
find("method").addEventListener("change", (event) => choose({ method: event.target.value }));
find("class").addEventListener("change", (event) => choose({ class: event.target.value }));
find("look").addEventListener("change", (event) => choose({ look: event.target.value }));
find("tools").addEventListener("submit", (event) => event.preventDefault());
start();
