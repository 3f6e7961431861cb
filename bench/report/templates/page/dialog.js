// The dialog: one place beside the page, or over it where the page is narrow, for a panel and for a comparison.
const dialog = byId("panel");
let shownPanel = null; // { kind: "cell", key } or { kind: "side" }
let opener = null; // where the focus goes back to

const section = (heading, ...children) => make("section", {}, make("h3", { textContent: heading }), ...children);
const pairsList = (pairs) => make("dl", { className: "pairs" }, ...pairs.map(([name, text]) => make("div", {}, make("dt", { textContent: name }), make("dd", {}, text))));
const folded = (summary, ...children) => make("details", { className: "fold" }, make("summary", { textContent: summary }), ...children);
const scroller = (label, child) => {
  const around = make("div", { className: "scroll", tabIndex: 0 }, child);
  around.setAttribute("role", "region");
  around.setAttribute("aria-label", label);
  return around;
};

function openDialog(panel, title, children, from) {
  opener = from || opener;
  shownPanel = panel;
  const close = make("button", { type: "button", className: "close", textContent: "Close" });
  close.addEventListener("click", closeDialog);
  dialog.replaceChildren(make("div", { className: "bar" }, make("h2", { id: "panel-title", textContent: title, tabIndex: -1 }), close), ...children);
  dialog.classList.toggle("broad", panel.kind === "side");
  if (!dialog.open) {
    if (matchMedia("(max-width: 62rem)").matches) dialog.showModal(); else dialog.show();
  }
  document.body.classList.toggle("beside", !dialog.matches(":modal"));
  dialog.scrollTop = 0;
}
function closeDialog() {
  if (dialog.open) dialog.close();
}
function enableDialog() {
  dialog.addEventListener("close", () => {
    const back = opener;
    [shownPanel, opener] = [null, null];
    document.body.classList.remove("beside");
    if (back?.isConnected && back.checkVisibility()) back.focus();
    changed();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dialog.open && !dialog.matches(":modal")) closeDialog();
  });
}
function reopen() { // what the table shows has changed
  if (shownPanel?.kind === "cell") openCell(shownPanel.key);
  else if (shownPanel?.kind === "side") openSide();
}
