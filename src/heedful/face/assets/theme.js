"use strict";
// Light, dark, or as the system has it. The choice is remembered where that is allowed.
const theme = (() => {
  const key = "heedful-theme", choices = ["auto", "light", "dark"], root = document.documentElement;
  const own = new Map();
  const dark = () => {
    for (const sheet of document.styleSheets) {
      for (const rule of sheet.cssRules) {
        if (rule.media && /prefers-color-scheme:\s*dark/.test(rule.media.mediaText)) own.set(rule, rule.media.mediaText);
      }
    }
    return own;
  };
  // Every rule for a dark system follows the switch, those of the plots too; paper stays light.
  const set = (choice) => {
    for (const [rule, media] of dark()) {
      rule.media.mediaText = choice === "auto" ? media : choice === "dark" ? "screen" : "not all";
    }
    root.dataset.theme = choice;
    root.style.colorScheme = choice === "auto" ? "" : choice;
  };
  const kept = () => {
    try { const found = localStorage.getItem(key); return choices.includes(found) ? found : "auto"; }
    catch { return "auto"; }
  };
  const keep = (choice) => { try { localStorage.setItem(key, choice); } catch { /* not allowed */ } };
  set(kept());
  return { set, kept, keep };
})();
