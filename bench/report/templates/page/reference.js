// Reference: relative costs divided by those of another row, with the interval of the ratio of both.
const reference = byId("reference");
const costs = $('td[data-column="relative_cost"][data-value]', table || document);

function keep(cell) { // what it showed at first
  if (cell.kept) return;
  cell.kept = { nodes: [...cell.childNodes].map((node) => node.cloneNode(true)), title: cell.title, data: { ...cell.dataset } };
}
function putBack(cell) {
  cell.replaceChildren(...cell.kept.nodes.map((node) => node.cloneNode(true)));
  for (const name of Object.keys(cell.dataset)) if (!(name in cell.kept.data)) delete cell.dataset[name];
  Object.assign(cell.dataset, cell.kept.data);
  cell.title = cell.kept.title;
}
function blank(cell, why) {
  cell.replaceChildren(span("none", "–"));
  for (const end of ["value", "low", "high"]) delete cell.dataset[end];
  cell.title = why;
}
function divided(cell, by, name) {
  const { value, low, high } = cell === by ? { value: 1 } : compared(numberOf(cell), numberOf(by), "ratio");
  const known = low !== undefined && high > low;
  const width = known ? (high - low) / 2 : 0;
  const printed = cell === by ? "1" : number(value, width);
  cell.replaceChildren(span("number", printed), span("plus", known ? eitherWay(Math.sqrt(high / low) - 1) : ""));
  if ("contended" in cell.dataset || "contended" in by.dataset) cell.append(span("plus missed", "contended"));
  Object.assign(cell.dataset, { value, low: known ? low : "", high: known ? high : "" });
  cell.title = `${printed} times the cost of ${name}${known ? `, ${number(low, width)} to ${number(high, width)}` : ", no interval"}`;
}
function against() {
  const name = reference.selectedOptions[0].textContent;
  const chosen = costs.find((cell) => cell.parentNode.dataset.row === reference.value);
  for (const cell of costs) {
    putBack(cell);
    if (!chosen) continue;
    if (cell.dataset.group === chosen.dataset.group) divided(cell, chosen, name);
    else blank(cell, `${cell.dataset.group}: another denominator than that of ${name}, so the two do not compare`);
  }
  const unit = headOf("relative_cost").querySelector(".unit");
  unit.dataset.first ??= unit.textContent;
  unit.textContent = chosen ? `× ${name}` : unit.dataset.first;
  say(chosen ? `Relative costs are now against ${name}; the pictures keep the measured reference.` : "");
}
function enableReference() {
  if (!reference) return;
  for (const cell of costs) {
    const key = cell.parentNode.dataset.row;
    reference.append(new Option(labelOf(key), key));
    Object.assign(cell.dataset, { value0: cell.dataset.value, low0: cell.dataset.low ?? "", high0: cell.dataset.high ?? "" });
    keep(cell);
  }
  reference.addEventListener("change", () => { against(); reopen(); changed(); });
  remember("reference", () => [reference.value && labelOf(reference.value)], ([label = ""]) => {
    reference.value = keyOf(label) || "";
    if (reference.selectedIndex < 0) reference.value = "";
    against();
  });
}
