"use strict";
// The card of trust of the method shown. The page holds one as HTML; others are built when wanted.
// Sentences and findings were written by trust_rows.py: here they are only laid out.
const trustCards = (data, tag, unpack) => {
  const measures = data.measures || [];
  const strip = (packed) => {
    const [value, best, mean, ...randoms] = unpack(packed);
    const frame = tag("div", "");
    frame.innerHTML = `<svg viewBox="0 0 ${data.right} 16" aria-hidden=true>`
      + `<path class=rd d="${randoms.map((x) => `M${x} 8h0`).join("")}"/><path class=mn d="M${mean} 2v12"/>`
      + `<circle cx=${best} cy=8 r=5 /><path class=me d="M${value - 5} 8l5-5l5 5l-5 5z"/></svg>`;  // numbers only
    return frame.firstChild;
  };
  const row = ([index, says, numbers, places]) => {
    const [key, label, better] = measures[index];
    const link = tag("a", label);
    link.href = `#m-${key}`;
    return tag("div", [tag("dt", [link, " ", tag("small", better)]),
      tag("dd", [says, ...(places ? [tag("br", ""), strip(places)] : []), ...(numbers ? [tag("small", numbers)] : [])])]);
  };
  const built = ([trusted, sentence, rows]) => tag("section", [tag("p", sentence, "finding"), tag("p", "", "about"),
    tag("dl", rows.map(row))], trusted ? "trust yes" : "trust");
  const unmeasured = () => tag("p", "How far to trust this method here was not measured.", "trust small");

  return (card, method, index, target) => {
    if (!card.text.k) return;
    const old = card.article.querySelector(".trust");
    card.cards ??= new Map([[data.method, old]]);
    if (!card.cards.has(method)) card.cards.set(method, index in card.text.k ? built(card.text.k[index]) : unmeasured());
    const now = card.cards.get(method);
    if (old !== now) old.replaceWith(now);
    const about = now.querySelector(".about");
    if (about && card.text.b >= 0) {
      about.textContent = `about the predicted class, ${data.classes[card.text.b]}`
        + (target === card.text.b ? "" : `; the map is about ${data.classes[target]}`);
    }
  };
};
