// Tabs as the keyboard expects them: one stop, arrow keys between them.
export const tabs = (bar, choose) => {
  const all = [...bar.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.id.replace("tab-", "");
  const there = () => all.filter((tab) => !tab.hidden);
  bar.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(nameOf(tab));
  });
  bar.addEventListener("keydown", (event) => {
    const shown = there(), at = shown.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = shown[(to + shown.length) % shown.length];
    tab.focus();
    choose(nameOf(tab));
  });
  const show = (name) => all.forEach((tab) => {
    const on = nameOf(tab) === name;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
  });
  return { show };
};
