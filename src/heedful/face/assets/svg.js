"use strict";
// A text's map, as shown, as one SVG: laid out as svg_map.py does it, on a grid of fixed-width
// characters. To the clipboard, or to a file where the browser does not let a page copy.
const svgOf = (data, card, maps) => {
  const { columns, advance, leading, margin, size, name: most, wide, turned, font } = data.svg;
  const isWide = new RegExp(wide, "u"), isTurned = new RegExp(turned, "u"), acting = new RegExp(data.hidden, "g");
  const look = getComputedStyle(document.documentElement);
  const colour = (name) => look.getPropertyValue(`--${name}`).trim();
  const ink = colour("ink"), paper = colour("paper");
  const xml = (text) => text.replace(/[&<>"']/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" }[char] || `&#${char.charCodeAt(0)};`));
  const code = (char) => `‹U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;
  const safe = (text) => text.replace(/[\0\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
    .replace(/\r\n?/g, "\n").replace(/\t/g, " ").replace(acting, code);
  const width = (char) => (/[\p{Mn}\p{Me}\p{Cf}]/u.test(char) ? 0 : isWide.test(char) ? 2 : 1);
  const cellsOf = (text, step = "", gold = false, token = -1) =>
    Array.from(safe(text), (char) => ({ char, width: width(char), step, gold, token: step ? token : -1 }));
  const sum = (cells) => cells.reduce((total, cell) => total + cell.width, 0);
  const direction = (cells) => {
    for (const { char } of cells) {
      if (isTurned.test(char)) return true;
      if (/\p{L}/u.test(char)) return false;
    }
    return null;
  };
  const grouped = (items, key) => items.reduce((groups, item) => {
    const last = groups.at(-1);
    if (last && key(last.at(-1)) === key(item)) last.push(item); else groups.push([item]);
    return groups;
  }, []);

  const broken = (paragraph) => {
    const lines = [];
    let line = [], used = 0;
    for (const cell of paragraph) {
      if (cell.char !== " " && used + cell.width > columns) {
        const end = line.findLastIndex(({ char }) => char === " ") + 1 || line.length;
        lines.push(line.slice(0, end));
        line = line.slice(end);
        used = sum(line);
      }
      line.push(cell);
      used += cell.width;
    }
    return [...lines, line];
  };
  const wrapped = (cells, kind) => {
    const paragraphs = [[]];
    for (const cell of cells) if (cell.char === "\n") paragraphs.push([]); else paragraphs.at(-1).push(cell);
    return paragraphs.flatMap((cells) => {
      const back = direction(cells) || false;
      return broken(cells).map((line) => ({ kind, line, back }));
    });
  };
  const plain = (text, kind) => wrapped(cellsOf(safe(text).replace(/\n/g, " ")), kind);
  const label = (x, top, text) => {
    const shown = safe(text).replace(/\n/g, " ");
    return `<text x="${x}" y="${top + 16}" textLength="${sum(cellsOf(shown)) * advance}">${xml(shown)}</text>`;
  };

  const styles = { head: ' font-weight="700"', said: ' font-weight="700"', soft: ` fill="${colour("soft")}"` };
  const run = (cells, back, x, top, kind) => {
    const [{ step, gold }] = cells, text = cells.map(({ char }) => char).join(""), long = sum(cells) * advance;
    let box = "";
    if (step) box += `<rect x="${x}" y="${top}" width="${long}" height="22" rx="3" fill="${colour(step)}"/>`;
    if (step[0] === "n") box += `<rect x="${x}" y="${top}" width="${long}" height="2" fill="${ink}" fill-opacity=".45"/>`;
    if (gold) box += `<path d="M${x} ${top + 21}h${long}" stroke="${ink}" stroke-dasharray="2 2"/>`;
    const bare = text.replace(/^ +| +$/g, ""), first = text.search(/[^ ]/), last = text.length - bare.length - first;
    if (!bare) return box;
    const left = x + (back ? last : first) * advance, rest = long - (first + last) * advance;
    const side = back ? `x="${left + rest}" direction="rtl"` : `x="${left}"`;
    return `${box}<text ${side} y="${top + 16}" textLength="${rest}"${styles[kind] || ""}>${xml(bare)}</text>`;
  };
  const drawn = ({ kind, line, back }, top) => {
    const base = Number(back);
    // Between two words of one level stands that level, else the paragraph's.
    const words = grouped(line, ({ char }) => char === " "), own = words.map(direction);
    const levels = own.map((way) => (way === null ? base : base + Number(way !== back)));
    for (let i = 1; i + 1 < words.length; i++) {
      if (own[i] === null) levels[i] = levels[i - 1] === levels[i + 1] ? levels[i - 1] : base;
    }
    words.forEach((word, i) => word.forEach((cell) => { cell.level = levels[i]; }));
    let runs = grouped(line, ({ level, step, gold, token }) => [level, step, gold, token].join());
    // Rule L2 of Unicode's bidirectional algorithm, for runs.
    for (const least of [2, 1]) {
      runs = grouped(runs, ([{ level }]) => level >= least).flatMap((part) => (part[0][0].level >= least ? part.reverse() : part));
    }
    let x = margin + (back ? (columns - Math.min(columns, sum(line))) * advance : 0);
    return runs.map((cells) => {
      const found = run(cells, cells[0].level % 2 === 1, x, top, kind);
      x += sum(cells) * advance;
      return found;
    }).join("");
  };
  const scale = (top) => {
    const { remark, unit, both, low, high, name } = maps.scale(card);
    if (remark) return label(margin, top, remark);
    const steps = Array.from({ length: data.steps }, (_, i) => i + 1), letters = Array.from(name || "");
    const boxes = both ? [...steps.map((i) => `n${i}`).reverse(), "paper", ...steps.map((i) => `p${i}`)] : steps.map((i) => `a${i}`);
    const short = letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
    const left = both ? `${low} against` : low, right = both ? `${high} for ${short}${unit && `, ${unit}`}` : `${high} ${unit}`;
    const x = margin + (left.length + 1) * advance;
    const bar = boxes.map((step, i) => `<rect x="${x + i * 16}" y="${top + 3}" width="16" height="14" fill="${colour(step)}"/>`);
    return label(margin, top, left) + bar.join("") + label(x + boxes.length * 16 + advance, top, right);
  };

  const { title } = maps.known.get(maps.view.method), target = data.classes[maps.targetOf(card)];
  const text = (selector) => (card.article.querySelector(selector) || { textContent: "" }).textContent;
  const map = [...card.map.childNodes].flatMap((node) => {
    const step = node.token === undefined ? "" : card.steps[node.token];
    return cellsOf(node.textContent, step, Boolean(node.marked), node.token);
  });
  const above = [...plain(text(".head strong"), "head"), ...plain(title + (maps.view.method === "attention" ? "" : `, ${target}`), "soft"),
    { kind: "", line: [], back: false }, ...wrapped(map, "map")];
  const said = text("section.trust .finding") && `${text("section.trust .finding")} (${text("section.trust .about")})`;
  const below = said ? [{ kind: "", line: [], back: false }, ...plain(said, "said")] : [];
  const bottom = margin + above.length * leading + leading / 2, start = bottom + leading;
  const across = columns * advance + 2 * margin, height = start + below.length * leading + margin - leading / 2;
  const { namespaceURI } = new DOMParser().parseFromString("<svg>", "text/html").body.firstChild;
  return `<svg xmlns="${namespaceURI}" width="${across}" height="${height}" viewBox="0 0 ${across} ${height}" `
    + `font-family="${font}" font-size="${size}" fill="${ink}" style="white-space:pre"><rect width="${across}" height="${height}" fill="${paper}"/>`
    + above.map((line, i) => drawn(line, margin + i * leading)).join("")
    + below.map((line, i) => drawn(line, start + i * leading)).join("") + `${scale(bottom)}</svg>`;
};

const copyButton = (data, card, maps) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  const caption = "Copy as image (SVG)";
  button.textContent = caption;
  const tell = (text) => {
    button.textContent = text;
    setTimeout(() => { button.textContent = caption; }, 2500);
  };
  const save = (svg) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    link.download = `${card.article.id}-${maps().view.method.replace(/[^\w-]+/g, "-")}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    tell("Saved as a file");
  };
  button.addEventListener("click", async () => {
    const svg = svgOf(data, card, maps());
    try {
      const kinds = ["image/svg+xml", "text/plain"].filter((kind) => kind === "text/plain" || (ClipboardItem.supports && ClipboardItem.supports(kind)));
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(kinds.map((kind) => [kind, new Blob([svg], { type: kind })])))]);
      tell("Copied");
    } catch { save(svg); }
  });
  return button;
};
