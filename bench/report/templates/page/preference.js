// Preference: a score and a place for each row by the reader's own weights; see bench.report.preference.
const sliders = $("#weights input");
const weights = () => sliders.map((slider) => [slider.name, Number(slider.value)]).filter(([, weight]) => weight > 0);

// Of each key: the weighted mean of logarithms above the best of each, and half its 95 % interval, within one group.
function scores(members, wanted) {
  const total = wanted.reduce((sum, [, weight]) => sum + weight, 0);
  const best = wanted.map(([name]) => Math.min(...members.map(([, { terms }]) => terms[name][0])));
  return members.map(([key, { terms }]) => {
    const parts = wanted.map(([name, weight]) => [weight / total, terms[name][1], terms[name][2]]);
    const centre = wanted.reduce((sum, [name, weight], at) => sum + (weight / total) * (terms[name][0] - best[at]), 0);
    return { key, centre, half: parts.some(([, error]) => error === null) ? undefined : welchHalf(parts) };
  });
}
// One plus the number that is certainly better, up to the number that is not certainly worse.
function placeOf(score, all) {
  if (score.half === undefined) return undefined;
  const sure = all.filter((other) => other.half !== undefined);
  const better = sure.filter((other) => other.centre + other.half < score.centre - score.half).length;
  const worse = sure.filter((other) => other.centre - other.half > score.centre + score.half).length;
  return [1 + better, all.length - worse];
}
function addColumn() {
  const head = make("th", { scope: "col" }, make("button", { type: "button", textContent: "My score" }),
    span("unit", "× the best"), span("detail", "place"));
  Object.assign(head.dataset, { column: "preference", unit: "1", compares: "" });
  heads[0].after(head);
  heads.splice(1, 0, head);
  for (const row of rowOf.values()) {
    const cell = make("td");
    cell.dataset.column = "preference";
    row.cells[0].after(cell);
  }
  head.querySelector("button").addEventListener("click", () => { sort(head, head.getAttribute("aria-sort") === "ascending"); changed(); });
}
function fill(score, place) {
  const cell = cellOf(score.key, "preference");
  const [value, known] = [Math.exp(score.centre), score.half !== undefined];
  const [low, high] = known ? [value * Math.exp(-score.half), value * Math.exp(score.half)] : ["", ""];
  cell.replaceChildren(span("number", number(value, known ? (high - low) / 2 : 0)),
    span("plus", place ? (place[0] === place[1] ? `${place[0]}` : `${place[0]}-${place[1]}`) : "no interval"));
  Object.assign(cell.dataset, { value, low, high });
  cell.title = `${labelOf(score.key)}: ${number(value)} times the best in ${weights().map(([name, weight]) => `${data.aims[name]} (weight ${weight})`).join(", ")}`;
}
function weigh() {
  const wanted = weights();
  for (const slider of sliders) slider.nextElementSibling.textContent = slider.value;
  if (!headOf("preference")) { if (!wanted.length) return; addColumn(); }
  showColumn("preference", wanted.length > 0);
  for (const key of rowOf.keys()) blank(cellOf(key, "preference"), "");
  if (!wanted.length) { sortBy(sortedFirst); return; }
  const scored = Object.entries(data.cells).map(([key, each]) => [key, each.preference]).filter(([, each]) => each);
  for (const group of new Set(scored.map(([, each]) => each.group))) {
    const members = scored.filter(([, each]) => each.group === group);
    const all = scores(members, wanted);
    for (const score of all) fill(score, placeOf(score, all));
  }
  sort(headOf("preference"), false);
  say("Sorted by your weights, best first.");
}
function enablePreference() {
  for (const slider of sliders) slider.addEventListener("input", () => { weigh(); changed(); });
  if (!sliders.length) return;
  remember("weights", () => [weights().length ? sliders.map((slider) => slider.value).join() : ""], ([text = ""]) => {
    const values = text.split(",");
    sliders.forEach((slider, at) => { slider.value = Number(values[at]) || 0; });
    weigh();
  });
}
