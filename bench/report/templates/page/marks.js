// Marks: what a mark of a picture says, and that all marks of a row light up together.
const marks = $(".mark");
const texts = new Map(); // of a mark: its <title>, shown at once and in the page's own look
const tip = byId("tip");

function show(text, x, y) {
  tip.textContent = text;
  tip.hidden = !text;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
  tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 10) : y + 18) + "px";
}
let lit = "";
function heat(keys) {
  if (lit === keys.join(" ")) return;
  lit = keys.join(" ");
  for (const mark of marks) mark.classList.toggle("hot", mark.dataset.rows.split(" ").some((key) => keys.includes(key)));
  for (const svg of $("figure > svg")) svg.classList.toggle("dimmed", keys.length > 0);
  for (const [key, row] of rowOf) row.classList.toggle("hot", keys.includes(key));
}
const keysOf = (mark) => (mark ? mark.dataset.rows.split(" ") : []);

function enableMarks() {
  for (const mark of $("svg .mark")) {
    const title = mark.querySelector(":scope > title");
    if (title) { texts.set(mark, title.textContent); title.remove(); }
  }
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest?.("svg .mark, .key .mark, #short .mark");
    show(mark ? texts.get(mark) || "" : "", event.clientX, event.clientY);
    const keys = keysOf(mark);
    heat(keys.length === 1 ? keys : []);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { show("", 0, 0); heat([]); } });
}
