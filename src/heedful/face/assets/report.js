// The report: its switches, its sortable tables, and which texts are shown.
(() => {
  const find = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ----- colours -----
  const themes = find("theme");
  themes.hidden = false;
  themes.querySelector(`[value=${theme.kept()}]`).checked = true;
  theme.set(theme.kept());
  themes.addEventListener("change", ({ target }) => { theme.set(target.value); theme.keep(target.value); });

  // ----- tables -----
  const sorted = (table, column, ascending) => {
    const body = table.tBodies[0];
    const of = (row) => {
      const { dataset: { v }, innerText } = row.cells[column];
      return v === undefined ? innerText : Number(v);
    };
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
    const rows = [...body.rows].sort((a, b) => (ascending ? 1 : -1) * compare(of(a), of(b)));
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      if (i === column) head.ariaSort = ascending ? "ascending" : "descending";
      else head.removeAttribute("aria-sort");
    });
  };
  for (const table of all("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () =>
        sorted(table, column, head.ariaSort ? head.ariaSort === "descending" : column === 0));
    });
  }

  // ----- texts -----
  const tools = find("tools");
  if (!tools) return;
  const data = JSON.parse(find("packed").textContent);
  const root = find("texts");
  const groups = all(".group", root);
  const { cards, show } = heatMaps(data, root);

  // A long text shows its beginning, until somebody wants more.
  const open = ({ map, more }) => { map.classList.remove("cut"); if (more) more.hidden = true; };
  const shorten = (card) => {
    const { map } = card;
    if (card.more !== undefined || !map.clientHeight) return;
    card.more = null;
    if (map.clientHeight < 480) return;
    const more = document.createElement("button");
    more.type = "button";
    more.className = "whole";
    more.append("Show the whole text");
    map.classList.add("cut");
    map.after(more);
    card.more = more;
    more.addEventListener("click", () => { open(card); if (map.tabIndex === 0) map.focus(); });
    map.addEventListener("keydown", () => open(card));
  };

  const value = (id) => find(id).value;
  const chosen = () => (tools.elements.why ? tools.elements.why.value : "");
  const includes = (wanted, list) => wanted === "" || (list || []).includes(Number(wanted));
  const choose = () => {
    const [labelled, predicted, search] = ["labelled", "predicted", "search"].map(value);
    const needle = search.toLowerCase(), why = chosen();
    let shown = 0;
    for (const { text, article, map } of cards) {
      const fits = (why === "" || text.w.includes(why)) && includes(labelled, text.y) && includes(predicted, text.p)
        && (needle === "" || map.textContent.toLowerCase().includes(needle));
      article.hidden = !fits;
      shown += fits;
    }
    for (const one of all(".elsewhere", root)) one.hidden = why !== "";
    for (const group of groups) {
      group.hidden = !group.querySelector("article:not([hidden]), .elsewhere:not([hidden])");
      // With one reason chosen, a text of several stands under that one.
      group.querySelector(".about").hidden = why !== "" && group.dataset.why !== why;
    }
    order(why);
    cards.forEach(shorten);
    find("count").value = shown === cards.length ? `${shown} texts` : `${shown} of ${cards.length}`;
    find("none").hidden = shown > 0;
  };
  // The group of the chosen reason comes first, and shows its heading even if all its texts
  // stand in other groups as well.
  const order = (why) => {
    const first = groups.filter((group) => group.dataset.why === why);
    if (groups.some((group) => !group.hidden)) for (const group of first) group.hidden = false;
    root.prepend(...first, ...groups.filter((group) => group.dataset.why !== why));
  };

  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("change", (event) => {
    const { name, id, value: to } = event.target;
    if (name === "method") show({ method: to });
    else if (id === "class") show({ target: to === "" ? null : to === "labelled" ? to : Number(to) });
    else choose();
  });
  find("search").addEventListener("input", choose);
  tools.reset();
  if (tools.elements.why) tools.elements.why[1].checked = true;
  tools.hidden = false;
  choose();
  // A link to a text of another reason shows it.
  const follow = () => {
    const wanted = cards.find(({ article }) => `#${article.id}` === location.hash);
    if (!wanted || !wanted.article.hidden) return;
    tools.reset();
    if (tools.elements.why) tools.elements.why[0].checked = true;
    choose();
    wanted.article.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();
})();
