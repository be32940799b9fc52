"use strict";
// Draws a text token by token when it comes into sight, and again when the view changes.
// `data` is what page_data.py packed; `root` holds the articles t1, t2, ... `extra`, if any, makes
// something to stand beside the numbers of a text.
const heatMaps = (data, root, extra) => {
  const half = data.alphabet.length / 2;
  const digit = new Map([...data.alphabet].map((char, i) => [char, i]));
  const find = (id) => document.getElementById(id);
  const tip = find("tip");
  const view = { method: data.method, target: null };
  const cards = data.texts.map((text, i) => {
    const article = find(`t${i + 1}`);
    return { text, article, map: article.querySelector(".map"), tokens: null, at: -1 };
  });
  const byArticle = new Map(cards.map((card) => [card.article, card]));

  // Numbers as in the rest of the product: two decimals, or three where small.
  const plain = (value) => {
    const size = Math.abs(value);
    const text = size.toFixed(size >= 0.095 ? 2 : 3);
    return Number(text) === 0 ? "0" : (value < 0 ? "−" : "") + text;
  };
  const signed = (value) => (value > 0 && plain(value) !== "0" ? "+" : "") + plain(value);
  const listed = (word) => (/^\s+$/.test(word) ? "␣".repeat(word.length) : word);
  const tag = (name, content, kind) => {
    const element = document.createElement(name);
    if (kind) element.className = kind;
    element.append(...[content].flat());
    return element;
  };

  const revealed = revealing(data.hidden); // of revealed.js

  const unpack = (packed) => {
    const numbers = [];
    let number = 0, place = 1;
    for (const char of packed) {
      const value = digit.get(char);
      number += (value % half) * place;
      place *= half;
      if (value < half) { numbers.push(number); number = 0; place = 1; }
    }
    return numbers;
  };
  const trust = trustCards(data, tag, unpack);
  const unfold = (number) => (number % 2 ? -(number + 1) / 2 : number / 2);

  // ----- one text -----
  const offsets = (packed) => {
    const spans = [], numbers = unpack(packed);
    for (let i = 0, last = 0; i < numbers.length; i++) {
      const length = Math.floor(numbers[i] / 4);
      let start = last + (numbers[i] % 4);
      if (numbers[i] % 4 === 3) start += numbers[++i];
      last = start + length;
      spans.push([start, last]);
    }
    return spans;
  };
  const known = new Map(data.methods.map((method, i) => [method.name, { ...method, index: i }]));
  const always = (method) => method === "contribution" || method === "attention";
  const scaleOf = ({ text }, method) =>
    (method === "attention" ? text.h : method === "contribution" ? text.l : mapsOf(text, method)[0]);
  // A method's maps of a text: scale, values by class, and the class that mirrors the one kept.
  const mapsOf = (text, method) => {
    if (method !== "contribution") return (text.m || {})[known.get(method).index] || [0, {}];
    return [text.l, text.c, ...Object.keys(text.s).filter((name) => !(name in text.c))];
  };
  // One number per token; null where there is no such map.
  const values = (card, method, target) => {
    const { text } = card;
    const key = method === "attention" ? method : `${target} ${method}`;
    if (!card.values.has(key)) {
      let found = null;
      if (key === method) found = unpack(text.a).map((x) => (x / data.parts) * text.h);
      else {
        const [limit, maps, mirror] = mapsOf(text, method);
        if (target in maps) found = unpack(maps[target]).map((x) => (unfold(x) / data.parts) * limit);
        else if (mirror === String(target)) found = values(card, method, Object.keys(maps)[0]).map((x) => -x);
      }
      card.values.set(key, found);
    }
    return card.values.get(key);
  };
  // Why nothing is drawn: the classes that the method has a map of, if any.
  const absent = (card, method, target) => {
    if (values(card, method, target)) return "";
    const [, maps, mirror] = mapsOf(card.text, method);
    const { title } = known.get(method);
    const there = [...Object.keys(maps), ...(mirror ? [mirror] : [])].sort((a, b) => a - b).map((i) => data.classes[i]);
    return there.length ? `No map of ${data.classes[target]} by this method (${title}), only of ${there.join(", ")}.`
      : `No map by this method (${title}) of this text.`;
  };
  // A class by its number; "labelled" is the first label of the text; null, the text's own class.
  const targetOf = ({ text }) => {
    const wanted = view.target === "labelled" ? (text.y || [])[0] : view.target;
    return wanted !== null && String(wanted) in text.s ? wanted : text.t;
  };

  const open = (card) => {
    const chars = Array.from(card.map.textContent);
    const spans = offsets(card.text.o), gold = card.text.g || [];
    const edges = [...new Set([0, chars.length, ...spans.flat(), ...gold.flat()])].sort((a, b) => a - b);
    const parts = [];
    let at = 0;
    card.values = new Map();
    card.tokens = spans.map(([start, end], i) => {
      const surface = chars.slice(start, end).join("");
      return { surface, form: (card.text.f || {})[i] ?? surface.toLowerCase(), parts: [] };
    });
    for (let k = 0; k + 1 < edges.length && edges[k + 1] <= chars.length; k++) {
      const [start, end] = [edges[k], edges[k + 1]];
      while (at < spans.length && spans[at][1] <= start) at++;
      const inside = at < spans.length && spans[at][0] <= start;
      const marked = gold.some(([a, b]) => a <= start && start < b);
      const content = chars.slice(start, end).join("");
      if (!inside && !marked) { parts.push(...revealed(content)); continue; }
      const element = tag("b", revealed(content));
      element.marked = marked;
      if (inside) { element.token = at; card.tokens[at].parts.push(element); } else element.className = "g";
      parts.push(element);
    }
    card.map.replaceChildren(...parts);
    if (spans.length) {
      card.map.tabIndex = 0;
      card.map.setAttribute("role", "group");
      card.map.setAttribute("aria-label", "Heat map: the arrow keys go from word to word");
      card.article.append(numbersView(card));
      if (extra) card.article.append(extra(card));
    }
  };

  const level = (value, limit) =>
    (limit > 0 ? Math.floor(Math.min(1, Math.abs(value) / limit) * data.steps + 0.5) : 0);
  const paint = (card) => {
    if (!card.tokens) open(card);
    const { method } = view, target = targetOf(card);
    if (card.tokens.length) {
      const found = values(card, method, target), limit = scaleOf(card, method), { signed: both } = known.get(method);
      card.steps = card.tokens.map((_, i) => {
        const size = found ? level(found[i], limit) : 0;
        return size ? (!both ? "a" : found[i] < 0 ? "n" : "p") + size : "";
      });
      card.tokens.forEach(({ parts }, i) => {
        for (const part of parts) part.className = part.marked ? `${card.steps[i]} g`.trim() : card.steps[i];
      });
      legend(card, method, target);
      words(card, method, found || []);
    }
    sums(card, method, target);
    trust(card, method, known.get(method).index, target);
    const table = card.article.querySelector("details[open]");
    if (table) fill(card, table);
  };
  // What the scale says; only a remark where there is no map.
  const scale = (card, method, target) => {
    const { signed: both, unit } = known.get(method), limit = scaleOf(card, method);
    const remark = absent(card, method, target);
    return both ? { remark, unit, both, low: signed(-limit), high: signed(limit), name: data.classes[target] }
      : { remark, unit, both, low: "0", high: plain(limit) };
  };
  const legend = (card, method, target) => {
    const { remark, unit, both, low, high, name } = scale(card, method, target);
    const further = !always(method);
    const parts = both ? [tag("span", `${low} against`), tag("i", ""), tag("span", `${high} for ${name}`)]
      : [tag("span", low), tag("i", "", "heat"), tag("span", `${high} ${further ? unit : "attention"}`)];
    if (both && further && unit) parts.push(tag("span", unit, "unit"));
    card.article.querySelector(".scale").replaceChildren(...(remark ? [tag("span", remark)] : parts));
  };
  const words = (card, method, found) => {
    const merged = new Map(), attention = method === "attention";
    found.forEach((value, i) => {
      const { form } = card.tokens[i];
      const [sum, times] = merged.get(form) || [0, 0];
      merged.set(form, [sum + value, times + 1]);
    });
    const limit = scaleOf(card, method);
    const order = [...merged].map(([word, [sum, times]]) => [word, sum, times]).filter((x) => level(x[1], limit)).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1));
    const list = (heading, chosen) => {
      const items = chosen.slice(0, data.words).flatMap(([word, value, times], i) =>
        [i ? " · " : "", tag("q", listed(word)), `\u00a0${attention ? plain(value) : signed(value)}${times > 1 ? ` ×${times}` : ""}`]);
      return tag("div", [tag("dt", heading), tag("dd", items.length ? items : "no strong word")]);
    };
    const lists = attention ? [["most read", (x) => x[1] > 0]] : [["for", (x) => x[1] > 0], ["against", (x) => x[1] < 0]];
    card.article.querySelector("dl").replaceChildren(
      ...(values(card, method, targetOf(card)) ? lists.map(([heading, fits]) => list(heading, order.filter(fits))) : []));
  };
  const sums = (card, method, target) => {
    const { index } = known.get(method);
    const said = !always(method) ? (((card.text.e || {})[index] || {})[target] || "") : account(card, target);
    card.article.querySelector(".sum span").textContent = said && `${said} · `;
  };
  const account = (card, target) => {
    const [base, total, logit, error] = card.text.s[target];
    const even = (value) => (value < 0 && value <= -0.0005 ? "−" : "") + Math.abs(value).toFixed(3);
    const size = Math.abs(error);
    const remains = error ? `error ${size >= 0.0005 ? size.toFixed(3) : size.toExponential(0)}` : "no error";
    return `base ${even(base)} ${total < 0 ? "−" : "+"} words ${even(Math.abs(total))} = ${even(logit)} ` +
      `log-odds for ${data.classes[target]} (${remains})${(card.text.n || {})[target] || ""}`;
  };

  // ----- every number of a text -----
  const numbersView = (card) => {
    const details = tag("details", [tag("summary", "All numbers"), tag("div", "", "numbers")]);
    details.addEventListener("toggle", () => { if (details.open) fill(card, details); });
    return details;
  };
  const fill = (card, details) => {
    const target = targetOf(card), name = data.classes[target];
    const shown = !always(view.method) && values(card, view.method, target), attends = known.has("attention");
    const signs = values(card, "contribution", target), heat = attends ? values(card, "attention") : [];
    const row = (kind, cells) => tag("tr", cells.map((cell) => tag(kind, cell)));
    const own = (i) => (shown ? [signed(shown[i])] : []);
    const rows = card.tokens.map((token, i) => row("td", [listed(token.surface), ...own(i), signed(signs[i]), ...(attends ? [plain(heat[i])] : [])]));
    const heads = ["word", ...(shown ? [known.get(view.method).title] : []), `contribution to ${name}`, ...(attends ? ["attention"] : [])];
    details.querySelector(".numbers").replaceChildren(tag("table", [tag("thead", row("th", heads)), tag("tbody", rows)]));
  };

  // ----- the word under the pointer or the keyboard -----
  const precise = (value) => (value < 0 ? "−" : "") + Math.abs(value).toPrecision(3);
  const tell = (card, i, aloud) => {
    const token = card.tokens[i], target = targetOf(card);
    const told = (value) => `${value > 0 ? "+" : ""}${precise(value)} ${value < 0 ? "against" : "for"} ${data.classes[target]}`;
    const contribution = told(values(card, "contribution", target)[i]);
    const lines = [contribution];
    if (known.has("attention")) lines.push(`attention ${precise(values(card, "attention")[i])}`);
    if (!always(view.method)) {
      const shown = values(card, view.method, target);
      lines[0] = `contribution ${contribution}`;
      lines.unshift(`${known.get(view.method).title} ${shown ? told(shown[i]) : "has no map of this class"}`);
    }
    if (token.form !== token.surface.toLowerCase()) lines.push(`read as ${token.form}`);
    place(token.parts[0], [tag("strong", listed(token.surface)), ...lines.map((line) => tag("span", line))]);
    if (aloud) find("said").textContent = `${token.surface}: ${lines.join(", ")}`;
  };
  const place = (beside, content) => {
    tip.replaceChildren(...content);
    tip.hidden = false;
    const box = beside.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - tip.offsetWidth - 8);
    const below = box.top < tip.offsetHeight + 12;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
  };
  const leave = (card) => {
    tip.hidden = true;
    if (card && card.at >= 0) card.tokens[card.at].parts.forEach((part) => part.classList.remove("at"));
    if (card) card.at = -1;
  };
  const go = (card, to) => {
    const { parts } = card.tokens[to] || {};
    if (!parts || !parts.length) return;
    leave(card);
    card.at = to;
    parts.forEach((part) => part.classList.add("at"));
    parts[0].scrollIntoView({ block: "nearest" });
    tell(card, to, true);
  };
  const cardOf = (node) => byArticle.get(node.closest && node.closest("article"));
  root.addEventListener("pointerover", (event) => {
    const card = cardOf(event.target);
    const word = event.target.closest(".map b");
    if (card && word && word.token !== undefined) tell(card, word.token, false);
    else if (!event.target.closest(".trust a")) tip.hidden = true;
  });
  root.addEventListener("pointerleave", () => { tip.hidden = true; });
  // A word that the keyboard has gone to scrolls into sight and keeps its numbers.
  addEventListener("scroll", () => {
    const card = cards.find(({ at }) => at >= 0);
    if (card && !tip.hidden) tell(card, card.at, false);
    else tip.hidden = true;
  }, { passive: true });
  root.addEventListener("keydown", (event) => {
    const card = cardOf(event.target);
    if (!card || event.target !== card.map) return;
    const last = card.tokens.length - 1;
    const rightToLeft = getComputedStyle(card.map).direction === "rtl";
    const to = { ArrowRight: card.at + (rightToLeft ? -1 : 1), ArrowLeft: card.at - (rightToLeft ? -1 : 1),
      Home: 0, End: last }[event.key];
    if (event.key === "Escape") leave(card);
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(card, Math.max(0, Math.min(last, to)));
  });
  root.addEventListener("focusout", (event) => leave(cardOf(event.target)));

  // ----- what a measure means, beside its name -----
  const meaning = (link) => {
    const { textContent } = document.querySelector(`${link.getAttribute("href")} dd`);
    place(link, [tag("strong", link.textContent), tag("span", textContent)]);
  };
  for (const kind of ["pointerover", "focusin", "click"]) {
    root.addEventListener(kind, (event) => {
      const link = event.target.closest && event.target.closest(".trust a");
      if (!link) return;
      if (kind === "click") event.preventDefault();
      meaning(link);
    });
  }

  // ----- the line under the switch: what is shown, and where there is no such map -----
  const explain = () => {
    const says = find("says"), list = find("class");
    if (!says || !list) return;
    const { index, says: line } = known.get(view.method);
    const has = (text, target) => index < 2 || mapsOf(text, view.method).slice(1).some((x) => (typeof x === "string" ? x === String(target) : target in x));
    const without = data.texts.filter((text) => !has(text, targetOf({ text }))).length;
    const some = without === data.texts.length ? "no text here has" : `${without} of ${data.texts.length} texts have no`;
    const name = typeof view.target === "number" ? ` of ${data.classes[view.target]}` : "";
    says.textContent = line + (without ? ` ${some[0].toUpperCase()}${some.slice(1)} such map${name}.` : "");
    for (const option of list.options) {
      if (!/^\d+$/.test(option.value)) continue;
      const there = data.texts.some((text) => has(text, Number(option.value)));
      option.textContent = data.classes[option.value] + (there ? "" : " (no map)");
    }
  };

  // ----- all texts -----
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      sight.unobserve(entry.target);
      paint(byArticle.get(entry.target));
    }
  }, { rootMargin: "600px" });
  const watch = () => { for (const { article } of cards) { sight.unobserve(article); sight.observe(article); } };
  let repainted = false;
  const show = (change) => {
    Object.assign(view, change);
    repainted = true;
    tip.hidden = true;
    explain();
    watch();
  };
  addEventListener("beforeprint", () => { if (repainted) cards.forEach(paint); });
  // In the form the line stays in sight, below the row of the switch.
  if (find("says")) {
    const row = find("method").closest(".row");
    if (row) row.after(find("says")); else find("tools").insertBefore(find("says"), find("tools").querySelector(".row"));
  }
  explain();
  watch();
  return { cards, show, scale: (card) => scale(card, view.method, targetOf(card)), view, known, targetOf };
};
