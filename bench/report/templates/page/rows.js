// Rows and columns of the table: sort, filter, which columns are shown. Pictures follow the filter.
const filter = byId("filter");
const wordsOf = new Map(body ? [...body.rows].map((row, at) => [row, data.table.words[at]]) : []); // that find a row
let sortedFirst = "";

function sort(head, down) {
  const place = heads.indexOf(head);
  const keyed = [...body.rows].map((row) => ({ row, value: row.cells[place].dataset.value }));
  const order = place === 0 ? (a, b) => a.localeCompare(b, "en", { numeric: true }) : (a, b) => a - b;
  keyed.sort((a, b) => { // what is missing always last
    if (a.value === undefined || b.value === undefined) return (a.value === undefined) - (b.value === undefined);
    return down ? order(b.value, a.value) : order(a.value, b.value);
  });
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  body.append(...keyed.map(({ row }) => row));
}
function sortedBy() {
  const head = heads.find((each) => each.hasAttribute("aria-sort"));
  return head ? (head.getAttribute("aria-sort") === "descending" ? "-" : "") + head.dataset.column : "";
}
function sortBy(name) {
  const head = headOf(name.replace(/^-/, ""));
  if (head) sort(head, name.startsWith("-")); else if (!name) body.append(...rowOf.values());
}
function sift() { // every word must occur in a row's name, configurations or status
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const near = new Set(places.filter(isNear));
  const around = table.parentElement;
  around.style.minHeight = `${around.offsetHeight}px`; // what stands below stays there until all rows are there
  const rows = [...body.rows], gone = new Set();
  const leaving = new Set(rows.filter((row) => !wanted.every((word) => wordsOf.get(row).includes(word))));
  const same = rows.every((row) => row.hidden === leaving.has(row) && !row.classList.contains("later"));
  const staying = same ? [] : rows.filter((row) => !leaving.has(row));
  for (const row of leaving) { row.hidden = true; gone.add(row.dataset.row); }
  for (const row of staying) { row.hidden = false; row.classList.add("later"); }
  const turned = marks.filter((each) => each.keys.some((key) => gone.has(key)) !== each.mark.classList.contains("off"));
  const turn = ({ mark }) => [1, () => mark.classList.toggle("off")];
  inFrames([
    ...turned.filter(({ place }) => near.has(place)).map(turn),
    ...staying.map((row) => [row.cells.length, () => row.classList.remove("later")]),
    [0, () => { around.style.minHeight = ""; }],
    ...turned.filter(({ place }) => !near.has(place)).map(turn),
  ]);
  say(wanted.length ? `${body.rows.length - gone.size} of ${body.rows.length} configurations shown, in the table and in the pictures.` : "");
}
const boxes = $("#columns input");
function showColumn(name, shown) {
  for (const cell of $(`[data-column="${CSS.escape(name)}"]`, table)) cell.hidden = !shown;
}
const shownColumns = () => boxes.filter((box) => box.checked).map((box) => box.value);

function enableRows() {
  sortedFirst = sortedBy();
  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      sort(head, down);
      say(`Sorted by ${titleOf(head).toLowerCase()}, ${down ? "highest" : "lowest"} first.`);
      changed();
    });
  }
  filter.addEventListener("input", () => { sift(); changed(); });
  byId("columns").addEventListener("change", ({ target }) => { showColumn(target.value, target.checked); changed(); });
  const first = shownColumns().join();
  remember("filter", () => [filter.value], ([text = ""]) => { filter.value = text; sift(); });
  remember("columns", () => [shownColumns().join() === first ? "" : shownColumns().join()], ([names = first]) => {
    const shown = names.split(",");
    for (const box of boxes) { box.checked = shown.includes(box.value); showColumn(box.value, box.checked); }
  });
}
function enableSorting() { // after what adds columns and numbers to sort by
  const usual = () => (weights().length ? "preference" : sortedFirst);
  remember("sort", () => [sortedBy() === usual() ? "" : sortedBy()], ([name = usual()]) => sortBy(name));
}
