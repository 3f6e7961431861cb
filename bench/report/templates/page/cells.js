// Cells: each is told what it stands for: its column, and the numbers behind what it prints, which are data of the page.
function tellCells() {
  const rows = [...body.rows];
  rows.forEach((row) => { row.cells[0].dataset.value = row.querySelector(".open > span").textContent; });
  for (const [place, head] of heads.entries()) {
    if (!place) continue;
    const cells = rows.map((row) => row.cells[place]), { column } = head.dataset;
    for (const cell of cells) cell.setAttribute("data-column", column);
    for (const [name, values] of Object.entries(data.table.columns[column])) {
      values.forEach((value, at) => { if (value !== null) cells[at].setAttribute(`data-${name}`, value); });
    }
  }
}
if (table) tellCells();
