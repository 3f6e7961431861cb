// The cell's own panel: opened by its name or by one of its marks.
function printed(cell, head) { // 98.5 ± 0.3 %; 2.46 s, at the first look
  const [number, ...more] = [...cell.querySelectorAll(".number, .plus")].map((part) => part.textContent).filter(Boolean);
  const unit = unitOf(head).startsWith("×") ? "×" : ["by cost", "place"].includes(unitOf(head)) || !unitOf(head) ? "" : `\u00a0${unitOf(head)}`;
  const interval = more[0]?.startsWith("±") ? ` ${more.shift()}` : "";
  const figure = interval && !interval.includes("%") ? `${number}${interval}${unit}` : `${number}${unit}${interval}`;
  return [figure, ...more].join(", ");
}

function numbersOf(key) {
  const named = heads.slice(1).filter((head) => !head.hidden && cellOf(key, head.dataset.column).querySelector(".number"));
  return pairsList(named.map((head) => {
    const cell = cellOf(key, head.dataset.column);
    return [titleOf(head), make("span", { title: cell.title, textContent: printed(cell, head) })];
  }));
}
function phasesOf(key) {
  const cells = data.phases.map((phase) => ({ head: headOf(phase), cell: cellOf(key, phase) })).filter(({ cell }) => cell?.dataset.value);
  const items = cells.map(({ head, cell }) => ({ name: titleOf(head), value: Number(cell.dataset.value), text: seconds(Number(cell.dataset.value)) }));
  return items.length ? drawBars(items, items.map(({ name, text }) => `${name} ${text}`).join(", ")) : null;
}
function kernelsOf(key) {
  const taken = profiled.get(key);
  if (!taken) return null;
  const copied = taken.cloneNode(true);
  copied.className = "";
  for (const row of [...copied.tBodies[0].rows].slice(10)) row.remove();
  return scroller(`Kernels of ${labelOf(key)}`, copied);
}
function commandsOf(key) {
  const listed = $(".commands > div").filter((each) => each.dataset.rows === key);
  return listed.map((each) => {
    const command = each.querySelector("code").textContent;
    const button = make("button", { type: "button", textContent: "Copy", title: "Copy the command" });
    button.setAttribute("aria-label", `Copy the command of ${each.querySelector("dt").textContent}`);
    const note = span("evidence", "");
    note.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      note.textContent = await copyText(command) ? "Copied." : "The browser does not allow copying here.";
    });
    return make("div", { className: "command" }, make("code", { textContent: command }), button, note);
  });
}
function openCell(key, from) {
  const { settings, environment, warnings, distribution, curves, reason } = data.cells[key];
  const phases = phasesOf(key), kernels = kernelsOf(key), commands = commandsOf(key);
  const words = times?.value ? data.percentiles[times.value] : "as measured";
  const state = rowOf.get(key).querySelector(".name .state");
  openDialog({ kind: "cell", key }, labelOf(key), [
    state || reason ? make("p", { className: "claim" }, ...(state ? [state.cloneNode(true), " "] : []), reason) : "",
    section("Numbers", numbersOf(key)),
    ...(distribution ? [section("Distribution of the step", drawSpread(distribution), make("p", { className: "evidence", textContent: "All steps above; below, one box a process: the middle half, the median, and from the 10th to the 90th percentile." }))] : []),
    ...(phases ? [section(`Phases of a step, ${words}`, phases)] : []),
    ...(curves.length > 1 ? [section("Learning curve", drawCurve(curves), make("p", { className: "evidence", textContent: "Test accuracy against seconds of training; the band is from the lowest seed to the highest." }))] : []),
    ...(kernels ? [section("Kernels", kernels)] : []),
    section("Warnings", warnings.length ? make("ul", { className: "plain" }, ...warnings.map(([text, count]) => make("li", { textContent: `${text} (${count} of its processes)` }))) : make("p", { textContent: "None." })),
    ...(commands.length ? [section("Repeat it", ...commands)] : []),
    section("Settings and environment", folded("Settings of the cell", pairsList(settings)),
      folded("Machine and software", pairsList([...environment, ...data.environment]))),
  ].filter(Boolean), from);
}
function enablePanel() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-open]");
    const keys = button ? [button.dataset.open] : keysOf(event.target.closest?.("svg .mark, .key .mark"));
    if (keys.length !== 1 || !rowOf.has(keys[0])) return;
    openCell(keys[0], button);
    if (button) byId("panel-title").focus();
    changed();
  });
  remember("open", () => [shownPanel?.kind === "cell" ? labelOf(shownPanel.key) : ""], ([label = ""]) => {
    const key = keyOf(label);
    if (key) openCell(key); else if (shownPanel?.kind === "cell") closeDialog();
  });
}
