// A file of texts, scored by the server while the page watches.
import { Refused, ask, askJson, headers, place, refusal, token } from "./api.js";
import { barRow } from "./card.js";
import { find, tag } from "./dom.js";
import { failures } from "./failures.js";
import { chance, count, percent } from "./numbers.js";

const EVERY = 500; // milliseconds between looks at a job

// fetch tells no progress of what it sends; XMLHttpRequest does.
const send = (path, file, progress) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open("POST", path);
  for (const [name, value] of Object.entries(headers({ "Content-Type": file.type || "application/octet-stream" }))) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
  request.onload = () => {
    if (request.status < 300) resolve(JSON.parse(request.responseText));
    else reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
  };
  request.onerror = () => reject(new Refused("the server does not answer"));
  request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
  progress.cancel = () => request.abort();
  request.send(file);
});

const summaryBars = ({ counts, rows, probability }) => {
  const order = Object.entries(counts).sort((a, b) => b[1] - a[1]), most = Math.max(...order.map((x) => x[1]), 1);
  const list = tag("ul", order.map(([name, n]) => barRow(name, n / most, `${n.toLocaleString("en")} · ${percent(rows ? n / rows : 0)}`
    + (name in probability ? ` · p ${chance(probability[name])}` : ""), "own")), "bars counted");
  list.setAttribute("aria-label", "How many texts got each label, and how probable it was on average");
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
    job?.progress?.cancel?.();
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
    draw(name, `${count(state.done, "text")} scored${state.errors ? `, ${count(state.errors, "row")} that could not be used` : ""}.`, 1,
      summaryBars(state.summary), tag("div", [link, again], "actions"));
    find("said").textContent = `${name}: ${count(state.done, "text")} scored`;
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
    if (state.state === "failed") { const { error } = state; forget(); return fails.say(error); }
    const { name } = job, share = state.size ? state.bytes / state.size : null;
    draw(name, `${count(state.done, "text")} scored so far …`, share, tag("div", cancel(), "actions"));
    timer = setTimeout(look, EVERY);
    return undefined;
  };
  const start = async (file) => {
    forget();
    const mine = { name: file.name, path: "", progress: (share) => { if (job === mine) draw(file.name, `sending … ${percent(share)}`, share < 1 ? share : null, tag("div", cancel(), "actions")); } };
    job = mine;
    mine.progress(0);
    try {
      const begun = await send(`files?${new URLSearchParams({ model: modelOf().name, name: file.name })}`, file, mine.progress);
      if (job !== mine) return;
      mine.path = place("files", begun.id);
      look();
    } catch (error) {
      if (job !== mine || error.name === "AbortError") return;
      forget();
      last = file;
      fails.failed(error);
    }
  };
  let last = null;
  const fails = failures(find("file-state"), () => (job?.path ? look() : last && start(last)));

  input.addEventListener("change", () => { if (input.files[0]) start(input.files[0]); input.value = ""; });
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) start(file);
  });
  return { ask: () => {}, redraw: () => {} };
};
