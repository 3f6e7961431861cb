// Drawing: the small pictures of a panel, with a label that says in words what they show.
const WIDE = 400;

function shape(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
const letters = (x, y, text, anchor = "start") => shape("text", { x, y, "text-anchor": anchor, class: "letters" }, text);
const picture = (high, label, ...children) => shape("svg", { viewBox: `0 0 ${WIDE} ${high}`, role: "img", "aria-label": label, class: "drawn" }, ...children);
const scaled = (low, high, from, to) => (value) => from + (to - from) * (high > low ? (value - low) / (high - low) : 0.5);

// Step times: a histogram over all processes, and under it one box a process.
function drawSpread({ low, high, counts, processes }) {
  const [most, top, each] = [Math.max(...counts), 96, 13];
  const x = scaled(low, high, 4, WIDE - 4);
  const across = (value) => Math.min(Math.max(x(value), 0), WIDE);
  const wide = (WIDE - 8) / counts.length;
  const bars = counts.map((count, at) => shape("rect", { x: 4 + at * wide, y: top - count / most * 90, width: wide * 0.9, height: count / most * 90, class: "bar" }));
  const rows = processes.slice(0, 12).flatMap(([p10, p25, p50, p75, p90], at) => {
    const y = top + 12 + at * each;
    return [
      shape("line", { x1: across(p10), x2: across(p90), y1: y, y2: y, class: "whisker" }),
      shape("rect", { x: across(p25), y: y - 4, width: Math.max(across(p75) - across(p25), 1), height: 8, class: "bar" }),
      shape("line", { x1: across(p50), x2: across(p50), y1: y - 4, y2: y + 4, class: "median" }),
    ];
  });
  const foot = top + 24 + Math.min(processes.length, 12) * each;
  const medians = processes.map((quantiles) => quantiles[2]);
  const label = `Step times from ${seconds(low)} to ${seconds(high)}, medians of ${processes.length} processes from ${seconds(Math.min(...medians))} to ${seconds(Math.max(...medians))}`;
  return picture(foot + 4, label, ...bars, ...rows, letters(4, foot, seconds(low)), letters(WIDE - 4, foot, seconds(high), "end"));
}
// Bars with a name at the left and a number at the right.
function drawBars(items, label) {
  const most = Math.max(...items.map(({ value }) => value));
  const lines = items.flatMap(({ name, value, text }, at) => [
    letters(104, 15 + at * 22, name, "end"),
    shape("rect", { x: 112, y: 4 + at * 22, width: Math.max(value / most * 190, 1), height: 14, class: "bar" }),
    letters(WIDE - 4, 15 + at * 22, text, "end"),
  ]);
  return picture(items.length * 22 + 4, label, ...lines);
}
// Test accuracy against seconds of training: the mean over seeds, and a band from the lowest to the highest.
function drawCurve(points) {
  const last = points.at(-1);
  const x = scaled(0, last[1], 40, WIDE - 8);
  const [low, high] = [Math.min(...points.map((point) => point[3])), Math.max(...points.map((point) => point[4]))];
  const y = scaled(low, high, 122, 12);
  const path = (column) => points.map((point) => `${x(point[1]).toFixed(1)},${y(point[column]).toFixed(1)}`);
  const inPercent = (share) => `${(share * 100).toFixed(1)}\u00a0%`;
  const label = `Test accuracy over ${points.length} evaluations, from ${inPercent(points[0][2])} to ${inPercent(last[2])} after ${seconds(last[1])} of training`;
  return picture(146, label,
    shape("polygon", { points: [...path(3), ...path(4).reverse()].join(" "), class: "band" }),
    shape("polyline", { points: path(2).join(" "), class: "curve" }),
    ...points.map((point) => shape("circle", { cx: x(point[1]), cy: y(point[2]), r: points.length > 30 ? 1.5 : 2.6, class: "bar" })),
    letters(36, y(high) + 4, inPercent(high), "end"), letters(36, y(low) + 4, inPercent(low), "end"),
    letters(40, 142, "0\u00a0s"), letters(WIDE - 4, 142, seconds(last[1]), "end"));
}
