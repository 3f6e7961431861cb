// Copying: what the table shows. CSV carries raw SI values with their intervals, the others the numbers as printed.
const shownHeads = () => heads.filter((head) => !head.hidden);
const shownRows = () => [...body.rows].filter((row) => !row.hidden);
const headed = (head) => [titleOf(head), unitOf(head)].filter(Boolean).join(", ");
const printedOf = (cell) => (cell.querySelector(".number") ? [...cell.querySelectorAll(".number, .plus")].map((part) => part.textContent.replaceAll("\u00a0", " ")).filter(Boolean).join(" ") : cell.dataset.value || "");
const status = (row) => row.querySelector(".name .state")?.textContent || "ok";
const quote = (value) => `"${String(value).replace(/^([=+\-@\t\r])/, "'$1").replaceAll('"', '""')}"`; // a spreadsheet must not run a name
const formats = {
  csv() {
    const head = ["configuration", "status"];
    for (const { dataset: { column } } of shownHeads().slice(1)) head.push(...(column === "rank" ? ["rank_best", "rank_worst"] : ["", "_low", "_high", "_n"].map((end) => column + end)));
    head.push("fingerprint"); // within which relative costs compare
    const lines = shownRows().map((row) => {
      const cells = shownHeads().slice(1).map((head) => {
        const { value = "", low = "", high = "", n = "" } = row.cells[heads.indexOf(head)].dataset;
        return head.dataset.column === "rank" ? [low, high] : [value, low, high, n];
      });
      return [quote(row.cells[0].dataset.value), quote(status(row)), ...cells.flat(), quote(table.dataset.fingerprint)].join(",");
    });
    return [head.map((title) => (/^\w+$/.test(title) ? title : quote(title))).join(","), ...lines].join("\n") + "\n";
  },
  markdown() {
    const clean = (value) => value.replace(/\s+/g, " ").replace(/[\\|<>`*_[\]]/g, "\\$&");
    const line = (cells) => `| ${cells.map(clean).join(" | ")} |`;
    const lines = shownRows().map((row) => line(shownHeads().map((head) => printedOf(row.cells[heads.indexOf(head)]))));
    return [line(shownHeads().map(headed)), `|${shownHeads().map((_, at) => (at ? " ---: |" : " --- |")).join("")}`, ...lines, "", `Fingerprint: ${clean(table.dataset.fingerprint)}`].join("\n") + "\n";
  },
  latex() {
    const special = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$", "×": "$\\times$", "µ": "$\\mu$", "·": "$\\cdot$" };
    const clean = (value) => value.replace(/\s+/g, " ").replace(/[\\~^±×µ·]|[&%$#_{}]/g, (sign) => special[sign] || "\\" + sign);
    const line = (cells) => `${cells.map(clean).join(" & ")} \\\\`;
    const lines = shownRows().map((row) => line(shownHeads().map((head) => printedOf(row.cells[heads.indexOf(head)]))));
    return [`\\begin{tabular}{l${"r".repeat(shownHeads().length - 1)}}`, "\\hline", line(shownHeads().map(headed)), "\\hline", ...lines, "\\hline", "\\end{tabular}", `% fingerprint ${table.dataset.fingerprint.replace(/\s+/g, " ")}`].join("\n") + "\n";
  },
};

const FORMATS = { csv: "CSV", markdown: "Markdown", latex: "LaTeX" };
function enableCopying() {
  for (const button of $("[data-copy]")) {
    button.addEventListener("click", async () => {
      const done = await copyText(formats[button.dataset.copy]());
      say(done ? `Copied ${shownRows().length} configurations as ${FORMATS[button.dataset.copy]}.` : "The browser does not allow copying here.");
    });
  }
}
