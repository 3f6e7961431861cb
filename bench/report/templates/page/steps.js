// Steps: the flame graph of a profiled step, and of the difference of two, as bench.report.flame lays them out.
const NARROWEST = 0.0015, PLAIN = 0.002, STRONG = 0.02; // shares of the whole: not drawn, not coloured, coloured strongly

// A row is [phase, category, operator, module, seconds]; a frame's times are those of the first step and of the second.
function pathOf([phase, category, operator, module], byModule) {
  const [path, kind = ""] = module.split(/ (.*)/s);
  const names = path.split(".").map((_, at, parts) => parts.slice(0, at + 1).join(".") + (kind && at === parts.length - 1 ? ` ${kind}` : ""));
  return [phase, ...(byModule ? names : [category]), operator || category].filter((name, at, all) => name && name !== all[at - 1]);
}
const frameOf = (name) => ({ name, category: "", times: [0, 0], own: [0, 0], within: new Map() });
function treeOf(sides, byModule) {
  const root = frameOf("step");
  for (const [side, rows] of sides.entries()) {
    for (const row of rows) {
      let frame = root;
      frame.times[side] += row[4];
      for (const name of pathOf(row, byModule)) {
        if (!frame.within.has(name)) frame.within.set(name, frameOf(name));
        frame = frame.within.get(name);
        frame.times[side] += row[4];
      }
      frame.own[side] += row[4];
      frame.category ||= row[1];
    }
  }
  return root;
}
function widen(frame) { // a frame is as wide as the longer of its own times and all that is within it
  frame.width = Math.max(0, ...frame.own) + [...frame.within.values()].reduce((sum, inner) => sum + widen(inner), 0);
  return frame.width;
}
function boxesOf(root, describe) {
  const boxes = [], whole = widen(root) || 1;
  (function place(frame, left, depth) {
    const { look, words, shown } = describe(frame);
    const box = Object.assign(document.createElement("div"), { className: `frame ${look}`, tabIndex: depth ? -1 : 0 });
    box.append(Object.assign(document.createElement("span"), { textContent: shown }));
    for (const [name, value] of Object.entries({ role: "treeitem", "aria-level": depth + 1, "aria-label": `${frame.name}: ${words}` })) box.setAttribute(name, value);
    for (const [name, value] of [["--l", 100 * left / whole], ["--w", 100 * frame.width / whole], ["--d", depth]]) box.style.setProperty(name, value);
    boxes.push(box);
    for (const inner of [...frame.within.values()].sort((a, b) => b.width - a.width)) {
      if (inner.width / whole >= NARROWEST) place(inner, left, depth + 1);
      left += inner.width;
    }
  })(root, 0, 0);
  return boxes;
}
function showFlame(holder, title, root, describe) {
  const flame = document.createElement("div"), spot = document.createElement("p");
  flame.className = "flame";
  flame.append(...boxesOf(root, describe));
  flame.setAttribute("role", "tree");
  flame.setAttribute("aria-label", title);
  flame.style.setProperty("--rows", Math.max(...[...flame.children].map((box) => Number(box.getAttribute("aria-level")))));
  spot.className = "spot";
  spot.textContent = flame.firstChild.getAttribute("aria-label");
  holder.replaceChildren(flame, spot);
  enableFlame(flame, spot);
}

const asShare = (share) => `${(share * 100).toFixed(1)}\u00a0%`;
function showStep(holder, { label, rows }, looks) {
  const root = treeOf([rows], true), [whole] = root.times;
  showFlame(holder, `Flame graph of a step of ${label}`, root, ({ name, category, times: [time] }) => ({
    look: looks[category] || "neutral", shown: name,
    words: `${seconds(time)}, ${asShare(time / whole)} of the step${category ? `; ${category}` : ""}`,
  }));
}
function showGrowth(holder, first, second) { // modules of two networks have nothing in common but their phases and categories
  const root = treeOf([first.rows, second.rows], first.network === second.network), whole = Math.max(...root.times);
  showFlame(holder, `Flame graph of the difference of ${first.label} and ${second.label}`, root, ({ name, times: [before, after] }) => {
    const share = (after - before) / whole, grew = `${share < 0 ? "−" : "+"}${seconds(Math.abs(after - before))}`;
    const look = Math.abs(share) < PLAIN ? "neutral" : (share > 0 ? "grown" : "shrunk") + (Math.abs(share) >= STRONG ? " strong" : "");
    return { look, shown: `${name} ${grew}`, words: `${grew}: ${seconds(before)} in ${first.label}, ${seconds(after)} in ${second.label}` };
  });
}
function enableSteps() {
  if (!byId("steps")) return;
  const { cells, looks } = JSON.parse(document.getElementById("steps").textContent);
  for (const holder of document.querySelectorAll(".step-flame")) {
    holder.closest("details").addEventListener("toggle", () => { if (!holder.firstChild) showStep(holder, cells[holder.dataset.row], looks); });
  }
  const growth = document.getElementById("growth");
  if (!growth) return;
  const picks = ["difference-faster", "difference-slower"].map((name) => document.getElementById(name));
  const show = () => showGrowth(growth, ...picks.map((pick) => cells[pick.value]).sort((a, b) => a.seconds - b.seconds));
  for (const pick of picks) pick.addEventListener("change", show);
  growth.closest("figure").hidden = false;
  show();
}
