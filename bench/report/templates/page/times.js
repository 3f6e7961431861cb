// Times: which percentile of its samples the table shows of each time.
const times = byId("times");
const TOO_FEW = "too few samples for this percentile";

function ofPercentile(cell, head, key, name) {
  const lists = data.cells[key].percentiles[head.dataset.column] || [];
  const [value, n, low, high] = [0, 1, 2, 3].map((at) => lists[at]?.[Object.keys(data.percentiles).indexOf(name)] ?? null);
  if (value === null) { blank(cell, `${labelOf(key)}: ${TOO_FEW}`); return; }
  const half = low === null ? undefined : (high - low) / 2;
  const factor = Number(head.dataset.factor);
  const printed = number(value * factor, half * factor);
  cell.replaceChildren(span("number", printed));
  if ("contended" in cell.dataset) cell.append(span("plus missed", "contended"));
  Object.assign(cell.dataset, { value, low: low ?? "", high: high ?? "", n });
  const interval = half ? ` (${number(low * factor, half * factor)} to ${number(high * factor, half * factor)}, this run, n = ${n})` : " (no interval)";
  cell.title = `${labelOf(key)}: ${titleOf(head).toLowerCase()} ${printed}\u00a0${unitOf(head)}${interval}, ${data.percentiles[name]}`;
}
function pick() {
  const timed = new Set(Object.values(data.cells).flatMap((each) => Object.keys(each.percentiles)));
  for (const head of heads.filter((each) => timed.has(each.dataset.column))) {
    const place = heads.indexOf(head);
    for (const [key, row] of rowOf) {
      const cell = row.cells[place];
      if (!cell.kept && !("value" in cell.dataset)) continue; // not measured
      keep(cell);
      putBack(cell);
      if (times.value) ofPercentile(cell, head, key, times.value);
    }
    const detail = head.querySelector(".detail");
    if (!detail) continue;
    detail.dataset.first ??= detail.textContent;
    detail.textContent = times.value ? detail.dataset.first.replace(/^[^,]+/, times.value) : detail.dataset.first;
  }
  const sorted = heads.find((each) => each.hasAttribute("aria-sort"));
  if (sorted && timed.has(sorted.dataset.column)) sort(sorted, sorted.getAttribute("aria-sort") === "descending");
  say(times.value ? `Times are the ${data.percentiles[times.value]} of each process, pooled over processes; rates and costs are as measured.` : "");
}
function enableTimes() {
  if (!times) return;
  times.addEventListener("change", () => { pick(); reopen(); changed(); });
  remember("times", () => [times.value], ([name = ""]) => {
    times.value = name in data.percentiles ? name : "";
    pick();
  });
}
