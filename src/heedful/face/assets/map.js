"use strict";
// Draws a text token by token when it comes into sight, and again when the view changes.
// `data` is what page_data.py packed; `root` holds the articles t1, t2, ...
const heatMaps = (data, root) => {
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

  // Characters that act instead of showing, each in a tag that names it.
  const acting = new RegExp(data.hidden, "g");
  const revealed = (content) => {
    const parts = [];
    let last = 0;
    for (const { 0: char, index } of content.matchAll(acting)) {
      const named = tag("i", char, "ctl");
      named.style.unicodeBidi = "isolate";
      named.dataset.c = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      parts.push(content.slice(last, index), named);
      last = index + char.length;
    }
    return [...parts, content.slice(last)];
  };

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
  const values = (card, method, target) => {
    const { text } = card;
    const key = method === "attention" ? "a" : String(target);
    if (!card.values.has(key)) {
      let found;
      if (key === "a") found = unpack(text.a).map((x) => (x / data.parts) * text.h);
      else if (key in text.c) found = unpack(text.c[key]).map((x) => (unfold(x) / data.parts) * text.l);
      else found = values(card, method, Object.keys(text.c)[0]).map((x) => -x);  // mirror image
      card.values.set(key, found);
    }
    return card.values.get(key);
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
    }
  };

  const level = (value, limit) =>
    (limit > 0 ? Math.floor(Math.min(1, Math.abs(value) / limit) * data.steps + 0.5) : 0);
  const paint = (card) => {
    if (!card.tokens) open(card);
    if (!card.tokens.length) { sums(card); return; }
    const attention = view.method === "attention";
    const limit = attention ? card.text.h : card.text.l;
    values(card, view.method, targetOf(card)).forEach((value, i) => {
      const size = level(value, limit);
      const step = size ? (attention ? "a" : value < 0 ? "n" : "p") + size : "";
      for (const part of card.tokens[i].parts) part.className = part.marked ? `${step} g`.trim() : step;
    });
    legend(card, attention, limit);
    words(card, attention);
    sums(card);
    const table = card.article.querySelector("details[open]");
    if (table) fill(card, table);
  };
  const legend = (card, attention, limit) => {
    const bar = tag("i", "", attention ? "heat" : "");
    const name = data.classes[targetOf(card)];
    card.article.querySelector(".scale").replaceChildren(
      ...(attention ? [tag("span", "0"), bar, tag("span", `${plain(limit)} attention`)]
        : [tag("span", `${signed(-limit)} against`), bar, tag("span", `${signed(limit)} for ${name}`)]));
  };
  const words = (card, attention) => {
    const merged = new Map();
    values(card, view.method, targetOf(card)).forEach((value, i) => {
      const { form } = card.tokens[i];
      const [sum, times] = merged.get(form) || [0, 0];
      merged.set(form, [sum + value, times + 1]);
    });
    const limit = attention ? card.text.h : card.text.l;
    const order = [...merged].map(([word, [sum, times]]) => [word, sum, times]).filter((x) => level(x[1], limit)).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1));
    const list = (heading, chosen) => {
      const items = chosen.slice(0, data.words).flatMap(([word, value, times], i) =>
        [i ? " · " : "", tag("q", listed(word)), `\u00a0${attention ? plain(value) : signed(value)}${times > 1 ? ` ×${times}` : ""}`]);
      return tag("div", [tag("dt", heading), tag("dd", items.length ? items : "no strong word")]);
    };
    card.article.querySelector("dl").replaceChildren(...(attention
      ? [list("most read", order.filter((x) => x[1] > 0))]
      : [list("for", order.filter((x) => x[1] > 0)), list("against", order.filter((x) => x[1] < 0))]));
  };
  const sums = (card) => {
    const [base, total, logit, error] = card.text.s[targetOf(card)];
    const even = (value) => (value < 0 && value <= -0.0005 ? "−" : "") + Math.abs(value).toFixed(3);
    const size = Math.abs(error);
    const remains = error ? `error ${size >= 0.0005 ? size.toFixed(3) : size.toExponential(0)}` : "no error";
    card.article.querySelector(".sum span").textContent =
      `base ${even(base)} ${total < 0 ? "−" : "+"} words ${even(Math.abs(total))} = ${even(logit)} ` +
      `log-odds for ${data.classes[targetOf(card)]} (${remains})`;
  };

  // ----- every number of a text -----
  const numbersView = (card) => {
    const details = tag("details", [tag("summary", "All numbers"), tag("div", "", "numbers")]);
    details.addEventListener("toggle", () => { if (details.open) fill(card, details); });
    return details;
  };
  const fill = (card, details) => {
    const name = data.classes[targetOf(card)];
    const signs = values(card, "contribution", targetOf(card)), heat = values(card, "attention");
    const row = (kind, cells) => tag("tr", cells.map((cell) => tag(kind, cell)));
    const rows = card.tokens.map((token, i) => row("td", [listed(token.surface), signed(signs[i]), plain(heat[i])]));
    details.querySelector(".numbers").replaceChildren(
      tag("table", [tag("thead", row("th", ["word", `contribution to ${name}`, "attention"])), tag("tbody", rows)]));
  };

  // ----- the word under the pointer or the keyboard -----
  const precise = (value) => (value < 0 ? "−" : "") + Math.abs(value).toPrecision(3);
  const tell = (card, i, aloud) => {
    const token = card.tokens[i], target = targetOf(card);
    const value = values(card, "contribution", target)[i];
    const lines = [
      `${value > 0 ? "+" : ""}${precise(value)} ${value < 0 ? "against" : "for"} ${data.classes[target]}`,
      `attention ${precise(values(card, "attention")[i])}`];
    if (token.form !== token.surface.toLowerCase()) lines.push(`read as ${token.form}`);
    tip.replaceChildren(tag("strong", listed(token.surface)), ...lines.map((line) => tag("span", line)));
    tip.hidden = false;
    const box = token.parts[0].getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - tip.offsetWidth - 8);
    const below = box.top < tip.offsetHeight + 12;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
    if (aloud) find("said").textContent = `${token.surface}: ${lines.join(", ")}`;
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
    else tip.hidden = true;
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
    watch();
  };
  addEventListener("beforeprint", () => { if (repainted) cards.forEach(paint); });
  watch();
  return { cards, show };
};
