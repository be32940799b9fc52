"use strict";
// A row of a map, copied onto the source: shades, numbers, and the same in words. Pointing shows a
// row for as long as it lasts; focus, or a tap, keeps it.
const lightUp = (article) => {
  const outputs = [...article.querySelectorAll(".o")], sources = [...article.querySelectorAll(".s")];
  const rows = [...article.querySelectorAll("tbody tr")], told = article.querySelector(".told");
  const read = article.querySelector(".read");
  const cells = (row) => [...rows[row].querySelectorAll("td")];
  const size = (cell) => Number(cell.textContent || 0);
  const most = 5, told_from = 0.05;

  const say = (row, found) => {
    const strong = found.map((cell, i) => [size(cell), i]).filter(([x]) => x >= told_from);
    strong.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const name = (box) => {
      const bdi = document.createElement("bdi");
      bdi.textContent = box.querySelector("b").textContent;
      return bdi;
    };
    told.replaceChildren(name(outputs[row]), strong.length ? " was written looking at " : " was written looking nowhere in particular");
    strong.slice(0, most).forEach(([x, i], place) => told.append(place ? ", " : "", name(sources[i]), ` ${found[i].textContent}`));
    if (strong.length > most) told.append(`, and ${strong.length - most} more`);
  };
  const show = (row) => {
    const found = row < 0 ? [] : cells(row), top = Math.max(...found.map(size));
    sources.forEach((box, i) => {
      const shade = row < 0 ? "" : found[i].className;
      box.className = ["s", shade, shade && size(found[i]) === top ? "top" : ""].filter(Boolean).join(" ");
      box.querySelector("small").textContent = shade ? found[i].textContent : "";
    });
    const best = read.querySelector(".top");
    if (best && read.scrollHeight > read.clientHeight) read.scrollTop = best.offsetTop - read.clientHeight / 2;
    outputs.forEach((box, i) => box.classList.toggle("on", i === row));
    rows.forEach((line, i) => line.classList.toggle("on", i === row));
    if (row < 0) told.replaceChildren(); else say(row, found);
  };

  let kept = -1;
  const keep = (row) => { kept = row; show(row); };
  const turned = getComputedStyle(article.querySelector(".wrote")).direction === "rtl";
  const steps = { ArrowRight: turned ? -1 : 1, ArrowLeft: turned ? 1 : -1 };
  outputs.forEach((box, row) => {
    box.addEventListener("focus", () => keep(row));
    box.addEventListener("click", () => { box.focus(); keep(row); });
    box.addEventListener("keydown", (event) => {
      const next = outputs[row + (steps[event.key] ?? 0)];
      if (event.key === "Escape") { box.blur(); keep(-1); }
      else if (event.key in steps && next) { next.focus(); event.preventDefault(); }
    });
    for (const part of [box, rows[row]]) {
      part.addEventListener("pointerenter", () => show(row));
      part.addEventListener("pointerleave", () => show(kept));
    }
  });
  article.addEventListener("focusout", (event) => {
    if (!article.contains(event.relatedTarget)) keep(-1);
  });
};
document.querySelectorAll("article:has(table)").forEach(lightUp);
