// The page of heat maps: its switches and its search.
(() => {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const maps = heatMaps(data, document.querySelector("main"), (card) => copyButton(data, card, () => maps));
  const { cards } = maps;

  const choose = () => {
    const wanted = (id) => (find(id) ? find(id).value : "");
    const [predicted, outcome, search] = ["predicted", "outcome", "search"].map(wanted);
    const needle = search.toLowerCase();
    let shown = 0;
    for (const { text, article, map } of cards) {
      const fits = (predicted === "" || text.p.includes(Number(predicted)))
        && (outcome === "" || text.r === Number(outcome))
        && (needle === "" || map.textContent.toLowerCase().includes(needle));
      article.hidden = !fits;
      shown += fits;
    }
    if (find("count")) find("count").value = shown === cards.length ? `${shown} texts` : `${shown} of ${cards.length}`;
    find("none").hidden = shown > 0 || !cards.length;
  };
  const tools = find("tools");
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("change", (event) => {
    const { name, id, value } = event.target;
    if (name === "method") maps.show({ method: value });
    else if (id === "class") maps.show({ target: value === "" ? null : Number(value) });
    else choose();
  });
  if (find("search")) find("search").addEventListener("input", choose);
  if (cards.length) {
    tools.reset();
    tools.elements.method.value = data.method;
    tools.hidden = false;
    choose();
  }
})();
