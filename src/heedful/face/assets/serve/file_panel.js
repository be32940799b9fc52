// A file of texts, scored by the server while the page watches.
import { announce } from "./announce.js";
import { Refused, ask, askJson, headers, place, refusal, token } from "./api.js";
import { barRow } from "./card.js";
import { find, tag } from "./dom.js";
import { failures } from "./failures.js";
import { bytes, chance, count, percent } from "./numbers.js";

const EVERY = 400; // milliseconds between looks at a job
// Browsers guess the type of a file in many ways; its name says what it is.
const KINDS = { csv: "text/csv", tsv: "text/tab-separated-values", tab: "text/tab-separated-values",
  jsonl: "application/jsonl", ndjson: "application/jsonl" };
const kindOf = ({ name }) => KINDS[name.toLowerCase().split(".").pop()] ?? "";

// fetch tells no progress of what it sends; XMLHttpRequest does.
const send = (path, file, mine, progress) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open("POST", path);
  for (const [name, value] of Object.entries(headers({ "Content-Type": kindOf(file) }))) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
  request.onload = () => {
    if (request.status < 300) resolve(JSON.parse(request.responseText));
    else reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
  };
  request.onerror = () => reject(new Refused("the connection broke off before the whole file was sent"));
  request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
  mine.stop = () => request.abort();
  request.send(file);
});

const summaryBars = (summary) => {
  const total = summary.reduce((n, { count: rows }) => n + rows, 0);
  const list = tag("ul", summary.map(({ label, count: rows, mean_probability: p }) =>
    barRow(label, rows / total, `${rows.toLocaleString("en")} · ${percent(rows / total)} · mean p ${chance(p)}`, "own")), "bars counted");
  list.setAttribute("aria-label", "Texts of each label, their share, and how probable the label was on average");
  return list;
};

export const filePanel = (modelOf) => {
  const article = find("job"), drop = find("drop"), input = find("file");
  let job = null, timer = 0;
  const button = (label, act) => {
    const element = tag("button", label);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  };
  const draw = (name, told, share, ...more) => {
    const bar = tag("progress");
    if (share !== null) bar.value = share;
    bar.setAttribute("aria-label", told);
    article.hidden = false;
    article.replaceChildren(tag("h2", tag("strong", tag("bdi", name)), "head"), ...(share === 1 ? [] : [bar]), tag("p", told, "sum"), ...more);
  };
  const forget = () => {
    clearTimeout(timer);
    job?.stop?.();
    if (job?.path) ask(job.path, { method: "DELETE" }).catch(() => {}); // it ends by itself, too
    job = null;
    article.hidden = true;
    fails.clear();
  };
  const cancel = () => button("Cancel", () => { forget(); input.focus(); });
  const finished = (state) => {
    const { name, path } = job, link = tag("a", "Download the predictions (CSV)", "button");
    link.href = `${path}/result`;
    link.download = `${name.replace(/\.[^.]+$/, "")}-predictions.csv`;
    if (token.get()) link.addEventListener("click", (event) => { event.preventDefault(); fetched(link); });
    const again = button("Another file", () => { forget(); input.focus(); });
    const told = `${count(state.done - state.errors, "text")} scored by ${state.model}`
      + (state.errors ? `; ${count(state.errors, "row")} could not be used, the file says why` : "");
    draw(name, `${told}.`, 1, summaryBars(state.summary), tag("div", [link, again], "actions"));
    announce(`${name}: ${told}`);
  };
  // A link cannot carry a token: the answer is fetched and handed over as a file.
  const fetched = async (link) => {
    try {
      const url = URL.createObjectURL(await (await ask(link.href)).blob()), handed = tag("a");
      Object.assign(handed, { href: url, download: link.download });
      handed.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) { fails.failed(error); }
  };
  const look = async () => {
    const mine = job;
    let state;
    try { state = await askJson(mine.path); } catch (error) { return mine === job ? fails.failed(error) : undefined; }
    if (mine !== job) return undefined;
    fails.clear();
    return follow(state);
  };
  const follow = (state) => {
    if (state.state === "done") return finished(state);
    if (state.state === "failed") { forget(); return fails.refused(state.reason); }
    const { name } = job, { rows, done } = state, waits = state.state === "waiting" ? "waiting for its turn …" : "counting the rows …";
    draw(name, rows ? `${done.toLocaleString("en")} of ${count(rows, "row")} done` : waits, rows ? Math.min(done / rows, 0.999) : null,
      summaryBars(state.summary), tag("div", cancel(), "actions"));
    timer = setTimeout(look, EVERY);
    return undefined;
  };
  const progress = (mine, share) => {
    if (job === mine) draw(mine.name, share < 1 ? `sending … ${percent(share)}` : "sent; the server looks what it is …", share < 1 ? share : null, tag("div", cancel(), "actions"));
  };
  const start = async (file) => {
    forget();
    last = file;
    if (!kindOf(file)) return fails.refused(`${file.name} is no CSV, TSV or JSONL file; its name must end in .csv, .tsv or .jsonl.`);
    const most = modelOf().max_file;
    if (file.size > most) return fails.refused(`${file.name} has ${bytes(file.size, Math.ceil)}; the server takes ${bytes(most)} at most. Send it in parts.`);
    const mine = { name: file.name, path: "", stop: null };
    job = mine;
    progress(mine, 0);
    const query = { model: modelOf().name, ...(column.value.trim() ? { text: column.value.trim() } : {}) };
    try {
      const begun = await send(`files?${new URLSearchParams(query)}`, file, mine, (share) => progress(mine, share));
      if (job !== mine) return undefined;
      mine.path = place("files", begun.id);
      return follow(begun);
    } catch (error) {
      if (job !== mine || error.name === "AbortError") return undefined;
      forget();
      if (error.message.includes("?text=COLUMN")) return askColumn(error.message);
      if (error.status === undefined || error.status === 401) return fails.failed(error); // a fault of this page is thrown
      // Nothing is sent a second time unless somebody wants it: it may be large, or refused again.
      return fails.refused(error.message, button("Send it again", () => start(file)));
    }
  };
  // Which column holds the texts is not clear: the reader says it.
  const askColumn = (message) => {
    fails.refused(message.replaceAll("?text=COLUMN", "the name of the column, below"));
    find("column-form").hidden = false;
    column.focus();
  };
  // Another file has other columns.
  const begin = (file) => {
    column.value = "";
    find("column-form").hidden = true;
    start(file);
  };
  let last = null;
  const column = find("column");
  const fails = failures(find("file-state"), () => (job?.path ? look() : last && start(last)));
  find("column-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (last) start(last);
  });

  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) begin(file);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) begin(file);
  });
  const limit = () => { find("file-limit").textContent = `At most ${bytes(modelOf().max_file)}.`; };
  return { ask: limit, redraw: limit };
};
