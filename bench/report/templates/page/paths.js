// Paths: those of a loss surface are walked again, point by point, by a slider or by itself; without this they stand whole.
const WALK = 5000; // milliseconds from start to end
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// A line with a marker at its end, as points of the picture.
function trailOf(group) {
  const [line, marker] = [group.querySelector("path[d]:not(defs path)"), group.querySelector("use")];
  const points = [...(line?.getAttribute("d") || "").matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  return line && marker && points.length > 1 ? { line, marker, points } : undefined;
}
// The picture as it is after a share of each path, from 0 to 1.
function walkTo(paths, share) {
  for (const { line, marker, points } of paths) {
    const at = share * (points.length - 1), before = Math.min(Math.floor(at), points.length - 2), part = at - before;
    const place = points[before].map((value, axis) => value + part * (points[before + 1][axis] - value));
    line.setAttribute("d", "M" + [...points.slice(0, before + 1), place].map((point) => point.map((value) => value.toFixed(2)).join(" ")).join("L"));
    marker.setAttribute("x", place[0].toFixed(2));
    marker.setAttribute("y", place[1].toFixed(2));
  }
}
function enableWalk(figure) {
  const paths = $("svg .mark", figure).map(trailOf).filter(Boolean);
  if (!paths.length) return;
  const slider = make("input", { type: "range", min: 0, max: 1000, value: 1000 });
  const button = make("button", { type: "button", textContent: "Play", hidden: calm.matches });
  let turn = 0; // of what plays, which ends what played before
  const stop = () => { turn += 1; button.textContent = "Play"; };
  const goTo = (share) => { slider.value = Math.round(share * 1000); walkTo(paths, share); };
  button.addEventListener("click", () => {
    if (button.textContent === "Stop") { stop(); return; }
    stop();
    button.textContent = "Stop";
    const own = turn, from = performance.now() - (slider.value < 1000 ? slider.value / 1000 * WALK : 0);
    (function step(now) {
      if (own !== turn) return;
      goTo(Math.min(Math.max((now - from) / WALK, 0), 1));
      if (now - from < WALK) requestAnimationFrame(step); else stop();
    })(performance.now());
  });
  slider.addEventListener("input", () => { stop(); walkTo(paths, slider.value / 1000); });
  addEventListener("beforeprint", () => { stop(); goTo(1); });
  calm.addEventListener("change", () => { stop(); button.hidden = calm.matches; });
  figure.querySelector("svg").after(make("div", { className: "walk" }, button, make("label", {}, span("", "Training"), slider)));
}
const enablePaths = () => $("#surface figure").forEach(enableWalk);
