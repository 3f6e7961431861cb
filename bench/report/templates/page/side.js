// Side by side: two to four ticked rows, each number with its ratio to the first and the interval of that ratio.
const MOST = 4;
const ticks = [...rowOf.keys()].map(tickOf);
const ticked = []; // keys in the order in which they were ticked
const keyOfTick = (tick) => tick.closest("tr").dataset.row;

function tickOf(key) {
  const tick = make("input", { type: "checkbox", className: "tick" });
  tick.setAttribute("aria-label", `Compare ${labelOf(key)}`);
  rowOf.get(key).cells[0].prepend(tick, " ");
  return tick;
}
function showTicked() {
  for (const tick of ticks) {
    tick.checked = ticked.includes(keyOfTick(tick));
    tick.disabled = !tick.checked && ticked.length >= MOST;
  }
  const bar = byId("ticked");
  bar.hidden = !ticked.length;
  bar.querySelector("span").textContent = `${ticked.map(labelOf).join(", ")}${ticked.length < 2 ? ": tick another to compare" : ticked.length === MOST ? ", which are as many as fit" : ""}`;
  byId("compare").disabled = ticked.length < 2;
}
const words = (from, { value, low, high }, how) => {
  const half = low === undefined ? 0 : (high - low) / 2;
  if (how === "difference") {
    const points = (share) => `${share > 0 ? "+" : ""}${number(share * 100, half * 100)}`;
    return `${points(value)} points${half ? ` (${points(low)} to ${points(high)})` : ", no interval"}`;
  }
  return `${number(value, half)}×${half ? ` (${number(low, half)} to ${number(high, half)})` : from.exact ? "" : ", no interval"}`;
};
function comparison(cell, base, how) { // in words, and whether the interval tells the two apart
  if (!how || cell === base) return ["", false];
  if ((cell.dataset.group || "") !== (base.dataset.group || "")) return ["measured under other conditions", false];
  const exact = "exact" in cell.dataset && "exact" in base.dataset;
  const free = ["contended", "bracket"].find((name) => name in cell.dataset || name in base.dataset);
  const [above, below] = [numberOf(cell), numberOf(base)].map((side) => (free || exact ? { value: side.value } : side));
  if (how === "ratio" && !(below.value > 0 && above.value > 0)) return ["", false];
  const result = compared(above, below, how);
  const level = how === "ratio" ? 1 : 0;
  const apart = result.low > level || result.high < level;
  const doubt = free === "contended" ? "; contended" : free === "bracket" ? "; each since the look before" : !exact && result.low !== undefined && !apart ? "; not told apart" : "";
  return [`${words({ exact }, result, how)}${doubt}`, apart];
}
function sideRow(head) {
  const cells = ticked.map((key) => cellOf(key, head.dataset.column));
  const row = make("tr", {}, make("th", { scope: "row", textContent: titleOf(head), title: head.querySelector("button").title }));
  for (const cell of cells) {
    const has = cell.querySelector(".number");
    const [text, apart] = has && cells[0].querySelector(".number") ? comparison(cell, cells[0], head.dataset.compares) : ["", false];
    row.append(make("td", { title: cell.title }, has ? printed(cell, head) : "–", span(apart ? "plus apart" : "plus", text)));
  }
  return row;
}
function openSide(from) {
  const shown = heads.slice(1).filter((head) => !head.hidden && !["rank", "preference"].includes(head.dataset.column));
  const known = shown.filter((head) => ticked.some((key) => cellOf(key, head.dataset.column).querySelector(".number")));
  const sheet = make("table", { id: "side" }, make("caption", { className: "unseen", textContent: `Numbers side by side, each beside its ratio to ${labelOf(ticked[0])}` }),
    make("thead", {}, make("tr", {}, make("th", { scope: "col", textContent: "What" }), ...ticked.map((key, at) => make("th", { scope: "col" }, labelOf(key), ...(at ? [] : [span("plus", "the others are compared with it")]))))),
    make("tbody", {}, ...known.map(sideRow)));
  const kernels = ticked.slice(1).filter((key) => difference && profiled.has(key) && profiled.has(ticked[0])).map((key) => {
    const { sentence, rows } = explained(key, ticked[0]);
    const head = difference.tHead.cloneNode(true);
    return section(`Kernels: ${labelOf(key)} and ${labelOf(ticked[0])}`, make("p", { textContent: sentence }), scroller(`Kernel difference of ${labelOf(key)}`, make("table", {}, head, make("tbody", {}, ...rows))));
  });
  openDialog({ kind: "side" }, ticked.map(labelOf).join(" · "), [scroller("Side by side", sheet),
    make("p", { className: "evidence", textContent: "Ratios have Welch's 95 % interval on the log scale over processes, or over seeds for what training gives; differences of shares are in percentage points. Bold is told apart." }), ...kernels], from);
}
function enableSide() {
  for (const tick of ticks) {
    tick.addEventListener("change", () => {
      const key = keyOfTick(tick);
      if (tick.checked) ticked.push(key); else ticked.splice(ticked.indexOf(key), 1);
      afterTick();
    });
  }
  byId("compare").addEventListener("click", (event) => { openSide(event.target); byId("panel-title").focus(); changed(); });
  byId("untick").addEventListener("click", () => { ticked.length = 0; afterTick(); byId("filter").focus(); });
  remember("ticked", () => ticked.map(labelOf), (labels) => {
    ticked.splice(0, MOST, ...[...new Set(labels.map(keyOf).filter(Boolean))].slice(0, MOST));
    showTicked();
  });
  remember("side", () => [shownPanel?.kind === "side" ? "open" : ""], ([is]) => {
    if (is && ticked.length > 1) openSide(); else if (shownPanel?.kind === "side") closeDialog();
  });
}
function afterTick() {
  showTicked();
  if (shownPanel?.kind === "side") { if (ticked.length > 1) openSide(); else closeDialog(); }
  changed();
}
