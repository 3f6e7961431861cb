// Marks: what a mark of a picture says, and that all marks of a row light up together, in the table and every picture.
const marks = $(".mark").map((mark) => ({ mark, keys: mark.dataset.rows.split(" "), place: mark.closest("figure, section") }));
const places = [...new Set(marks.map(({ place }) => place))];
const marksOf = new Map(); // of a row, so that a move over a page of many looks at few
for (const { mark, keys } of marks) {
  for (const key of keys) {
    if (!marksOf.has(key)) marksOf.set(key, []);
    marksOf.get(key).push(mark);
  }
}
const keysOf = (mark) => (mark ? mark.dataset.rows.split(" ") : []);
const texts = new Map(); // of a mark: its <title>, shown at once and in the page's own look
const tip = byId("tip");

function show(text, x, y) {
  if (!text && tip.hidden) return;
  tip.textContent = text;
  tip.hidden = !text;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
  tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 10) : y + 18) + "px";
}
let lit = "", hot = [];
function heat(key) { // no key lights nothing
  if (lit === key) return;
  lit = key;
  for (const each of hot) each.classList.remove("hot");
  hot = [...(marksOf.get(key) || []), rowOf.get(key)].filter(Boolean);
  for (const each of hot) each.classList.add("hot");
  for (const svg of $("figure > svg")) svg.classList.toggle("dimmed", key !== "");
}
function keyAt(target) { // the one row that is pointed at, or has the focus
  const row = target.closest?.("#rows tbody tr");
  const keys = row ? [row.dataset.row] : keysOf(target.closest?.("svg .mark, .key .mark, #short .mark"));
  return keys.length === 1 ? keys[0] : "";
}

function enableMarks() {
  for (const mark of $("svg .mark")) {
    const title = mark.querySelector(":scope > title");
    if (title) { texts.set(mark, title.textContent); title.remove(); }
  }
  for (const svg of $("figure > svg")) { // a bar says what its point does
    const said = new Map($(".mark", svg).filter((mark) => texts.has(mark)).map((mark) => [mark.dataset.rows, texts.get(mark)]));
    for (const mark of $(".mark", svg)) if (!texts.has(mark) && said.has(mark.dataset.rows)) texts.set(mark, said.get(mark.dataset.rows));
  }
  document.addEventListener("pointermove", (event) => {
    show(texts.get(event.target.closest?.("svg .mark")) || "", event.clientX, event.clientY);
    heat(keyAt(event.target));
  });
  document.addEventListener("focusin", (event) => heat(keyAt(event.target)));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { show("", 0, 0); heat(""); } });
}
