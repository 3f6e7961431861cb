// Difference: of two configurations that were profiled, from the tables of their parts; see bench.stats.attribution.
const difference = byId("difference");
const profiled = new Map($("table.parts").map((listed) => [listed.dataset.row, listed]));

function partsOf(key) {
  const taken = profiled.get(key);
  const kinds = [...taken.tBodies[0].rows].map((row) => [row.cells[0].textContent, Number(row.cells[1].dataset.value)]);
  return { label: taken.dataset.label, step: Number(taken.dataset.step), half: taken.dataset.half, kinds: new Map(kinds) };
}
function explained(key, other) { // the difference in a sentence, and its largest parts as rows
  const [slower, faster] = [key, other].map(partsOf).sort((a, b) => b.step - a.step);
  const total = slower.step - faster.step, ratio = slower.step / faster.step; // as bench.explain.doubt has it
  const chance = slower.half && faster.half ? Math.log(ratio) <= Math.hypot(slower.half, faster.half) : ratio < 1.1;
  const names = [...new Set([...slower.kinds.keys(), ...faster.kinds.keys()])];
  const shares = names.map((name) => ({ name, ours: slower.kinds.get(name) || 0, theirs: faster.kinds.get(name) || 0 }));
  shares.sort((a, b) => Math.abs(b.ours - b.theirs) - Math.abs(a.ours - a.theirs));
  const rows = shares.slice(0, 12).map(({ name, ours, theirs }) => {
    const share = total && !chance ? `${((ours - theirs) / total * 100).toFixed(1)}\u00a0%` : "-";
    const cells = [seconds(ours), seconds(theirs), seconds(ours - theirs), share];
    return make("tr", {}, make("th", { scope: "row", className: "name", textContent: name }), ...cells.map((textContent) => make("td", { textContent })));
  });
  const large = (sign) => shares.map(({ name, ours, theirs }) => ({ name, share: sign * (ours - theirs) / total }))
    .filter(({ name, share }) => total && share >= 0.1 && name !== difference.dataset.unnamed).slice(0, 3);
  const named = large(1).map(({ name, share }, at) => `${percent(share)}${at ? "" : " of it"} ${name}`)
    .concat(large(-1).map(({ name, share }) => `less ${percent(share)} by which ${name} is faster`));
  const factor = ratio >= 1.995 ? `${rounded(ratio, 2)}x` : percent(ratio - 1);
  const sentence = ratio < 1.01
    ? `${slower.label} and ${faster.label} take the same time, within 1\u00a0%.`
    : `${slower.label} is ${factor} slower than ${faster.label}${chance ? ", which may be chance" : named.length ? `: ${named.join(", ")}` : ""}.`;
  return { sentence, rows };
}
function enableDifference() {
  if (!difference) return;
  const picks = ["slower", "faster"].map((name) => byId(`difference-${name}`));
  byId("difference-tools").hidden = false;
  byId("difference-tools").addEventListener("submit", (event) => event.preventDefault());
  for (const pick of picks) {
    pick.addEventListener("change", () => {
      const { sentence, rows } = explained(...picks.map((each) => each.value));
      difference.tBodies[0].replaceChildren(...rows);
      byId("difference-sentence").textContent = sentence;
    });
  }
}
