// One script for the table and the pictures: sort, filter, columns, reference, copy, and what a mark says.
  const $ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const table = document.getElementById("rows");
  const tip = document.getElementById("tip");
  const marks = $(".mark");
  const say = (text) => { document.getElementById("announcement").textContent = text; };

  // Numbers, as bench.text prints them.
  const rounded = (value, digits) => Number(value.toPrecision(digits));
  const grouped = (value, places) => // rounded first: toLocaleString rounds the shortest decimal, not the value
    Number(value.toFixed(places)).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  const power = (value) => Math.floor(Math.log10(Math.abs(value)));
  function digitsOf(value, half) {
    const place = power(half) - (half / 10 ** power(half) < 2 ? 1 : 0);
    return Math.min(5, Math.max(2, (value ? power(value) : place) - place + 1));
  }
  function number(value, half) {
    const digits = half > 0 ? digitsOf(value, half) : 3;
    const size = half > 0 ? value : rounded(value, digits);
    const places = Math.min(digits - 1 - (size ? power(size) : 0), 9);
    return grouped(places < 0 ? rounded(value, digits) : size, Math.max(places, 0));
  }
  function percent(share) {
    const value = share * 100;
    return `${Math.abs(value) < 10 ? rounded(value, 2) : value.toFixed(0)}\u00a0%`;
  }
  const eitherWay = (share) => (share < 1 ? `± ${percent(share)}` : 1 + share > 10 ? "×/÷ more than\u00a010" : `×/÷\u00a0${number(1 + share)}`);
  function seconds(value) {
    const size = Math.abs(rounded(value, 3));
    const [scale, unit] = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]].find(([least]) => size >= least) || [1e-9, "ns"];
    return size ? `${number(value * (1 / scale))}\u00a0${unit}` : "0\u00a0s";
  }

  // What a mark or a number says: its <title> or title attribute, shown at once and in the page's own look.
  const texts = new Map();
  for (const mark of $("svg .mark")) {
    const title = mark.querySelector(":scope > title");
    if (title) { texts.set(mark, title.textContent); title.remove(); }
  }
  function show(text, x, y) {
    tip.textContent = text;
    tip.hidden = !text;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 10) : y + 18) + "px";
  }
  function heat(keys) {
    for (const mark of marks) mark.classList.toggle("hot", mark.dataset.rows.split(" ").some((key) => keys.includes(key)));
    for (const svg of $("figure > svg")) svg.classList.toggle("dimmed", keys.length > 0);
    for (const row of $("tbody tr", table || document)) row.classList.toggle("hot", keys.includes(row.dataset.row));
  }
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest && event.target.closest("svg .mark, .key .mark");
    show(mark ? texts.get(mark) || "" : "", event.clientX, event.clientY);
    const keys = mark ? mark.dataset.rows.split(" ") : [];
    heat(keys.length === 1 ? keys : []);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { show("", 0, 0); heat([]); } });
  if (!table) return;
  document.getElementById("tools").hidden = false;
  document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());

  // Sort: numbers by value, names by alphabet, what is missing always last.
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  function sort(head) {
    const place = heads.indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    const keyed = [...body.rows].map((row) => ({ row, value: row.cells[place].dataset.value }));
    const compare = place === 0 ? (a, b) => a.localeCompare(b, "en", { numeric: true }) : (a, b) => a - b;
    keyed.sort((a, b) => {
      if (a.value === undefined || b.value === undefined) return (a.value === undefined) - (b.value === undefined);
      return down ? compare(b.value, a.value) : compare(a.value, b.value);
    });
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...keyed.map(({ row }) => row));
    say(`Sorted by ${head.querySelector("button").textContent.toLowerCase()}, ${down ? "highest" : "lowest"} first.`);
  }
  for (const head of heads) head.querySelector("button").addEventListener("click", () => sort(head));

  // Filter: every word must occur in a row's name, configurations or status; pictures follow the table.
  const filter = document.getElementById("filter");
  function sift() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const gone = new Set();
    for (const row of body.rows) {
      row.hidden = !words.every((word) => row.dataset.text.includes(word));
      if (row.hidden) gone.add(row.dataset.row);
    }
    for (const mark of marks) mark.classList.toggle("off", mark.dataset.rows.split(" ").some((key) => gone.has(key)));
    say(words.length ? `${body.rows.length - gone.size} of ${body.rows.length} configurations shown, in the table and in the pictures.` : "");
  }
  filter.addEventListener("input", sift);

  // Columns.
  document.getElementById("columns").addEventListener("change", (event) => {
    for (const cell of $(`[data-column="${CSS.escape(event.target.value)}"]`, table)) cell.hidden = !event.target.checked;
  });

  // Reference row: relative costs divided by that row's; on the log scale the two intervals add in quadrature.
  const reference = document.getElementById("reference");
  const costs = $('td[data-column="relative_cost"][data-value]', table);
  for (const cell of costs) {
    Object.assign(cell.dataset, { value0: cell.dataset.value, low0: cell.dataset.low, high0: cell.dataset.high, title0: cell.title });
    cell.kept = [...cell.childNodes].map((node) => node.cloneNode(true));
  }
  const half = (cell) => (cell.dataset.low0 > 0 ? Math.log(cell.dataset.high0 / cell.dataset.low0) / 2 : NaN);
  function compare() {
    const chosen = costs.find((cell) => cell.parentNode.dataset.row === reference.value);
    for (const cell of costs) {
      if (!chosen) {
        cell.replaceChildren(...cell.kept.map((node) => node.cloneNode(true)));
        Object.assign(cell.dataset, { value: cell.dataset.value0, low: cell.dataset.low0, high: cell.dataset.high0 });
        cell.title = cell.dataset.title0;
        continue;
      }
      if (cell.dataset.group !== chosen.dataset.group) { // ratios to different references do not compare
        cell.replaceChildren(Object.assign(document.createElement("span"), { className: "none", textContent: "–" }));
        for (const end of ["value", "low", "high"]) delete cell.dataset[end];
        cell.title = `${cell.dataset.group}: another denominator than that of ${reference.selectedOptions[0].textContent}, so the two do not compare`;
        continue;
      }
      const ratio = cell.dataset.value0 / chosen.dataset.value0;
      const spread = cell === chosen ? 0 : Math.hypot(half(cell), half(chosen));
      const [low, high] = [ratio * Math.exp(-spread), ratio * Math.exp(spread)];
      const known = Number.isFinite(spread) && spread > 0;
      const width = (high - low) / 2;
      const printed = cell === chosen ? "1" : number(ratio, width);
      const figure = Object.assign(document.createElement("span"), { className: "number", textContent: printed });
      const plus = Object.assign(document.createElement("span"), { className: "plus", textContent: known ? eitherWay(Math.expm1(spread)) : "" });
      cell.replaceChildren(figure, plus);
      if ("contended" in cell.dataset || "contended" in chosen.dataset)
        cell.append(Object.assign(document.createElement("span"), { className: "plus missed", textContent: "contended" }));
      Object.assign(cell.dataset, { value: ratio, low: known ? low : "", high: known ? high : "" });
      cell.title = `${printed} times the cost of ${reference.selectedOptions[0].textContent}${known ? `, ${number(low, width)} to ${number(high, width)}` : ", no interval"}`;
    }
    const unit = heads.find((head) => head.dataset.column === "relative_cost").querySelector(".unit");
    unit.dataset.first ??= unit.textContent;
    unit.textContent = chosen ? `× ${reference.selectedOptions[0].textContent}` : unit.dataset.first;
    say(chosen ? `Relative costs are now against ${reference.selectedOptions[0].textContent}; the pictures keep the measured reference.` : "");
  }
  if (reference) reference.addEventListener("change", compare);

  // Copy what is shown: CSV carries raw SI values with their intervals, the others the numbers as printed.
  const shown = () => heads.filter((head) => !head.hidden);
  const rows = () => [...body.rows].filter((row) => !row.hidden);
  const name = (head) => [head.querySelector("button").textContent, head.querySelector(".unit")?.textContent].filter(Boolean).join(", ");
  const text = (cell) => (cell.querySelector(".number") ? [...cell.querySelectorAll(".number, .plus")].map((part) => part.textContent.replaceAll("\u00a0", " ")).filter(Boolean).join(" ") : cell.dataset.value || "");
  const status = (row) => row.querySelector(".name .state")?.textContent || "ok";
  const quote = (value) => `"${String(value).replace(/^([=+\-@\t\r])/, "'$1").replaceAll('"', '""')}"`; // a spreadsheet must not run a name
  const formats = {
    csv() {
      const head = ["configuration", "status"];
      for (const { dataset: { column } } of shown().slice(1)) head.push(...(column === "rank" ? ["rank_best", "rank_worst"] : ["", "_low", "_high", "_n"].map((end) => column + end)));
      head.push("fingerprint"); // within which relative costs compare
      const lines = rows().map((row) => {
        const cells = shown().slice(1).map((head) => {
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
      const lines = rows().map((row) => line(shown().map((head) => text(row.cells[heads.indexOf(head)]))));
      return [line(shown().map(name)), `|${shown().map((_, at) => (at ? " ---: |" : " --- |")).join("")}`, ...lines, "", `Fingerprint: ${clean(table.dataset.fingerprint)}`].join("\n") + "\n";
    },
    latex() {
      const special = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$", "×": "$\\times$", "µ": "$\\mu$", "·": "$\\cdot$" };
      const clean = (value) => value.replace(/\s+/g, " ").replace(/[\\~^±×µ·]|[&%$#_{}]/g, (sign) => special[sign] || "\\" + sign);
      const line = (cells) => `${cells.map(clean).join(" & ")} \\\\`;
      const lines = rows().map((row) => line(shown().map((head) => text(row.cells[heads.indexOf(head)]))));
      return [`\\begin{tabular}{l${"r".repeat(shown().length - 1)}}`, "\\hline", line(shown().map(name)), "\\hline", ...lines, "\\hline", "\\end{tabular}", `% fingerprint ${table.dataset.fingerprint.replace(/\s+/g, " ")}`].join("\n") + "\n";
    },
  };
  async function copy(format) {
    const copied = formats[format]();
    try {
      await navigator.clipboard.writeText(copied);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: copied }); // where the clipboard is closed to file://
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) { say("The browser does not allow copying here."); return; }
    }
    say(`Copied ${rows().length} configurations as ${{ csv: "CSV", markdown: "Markdown", latex: "LaTeX" }[format]}.`);
  }
  for (const button of $("[data-copy]")) button.addEventListener("click", () => copy(button.dataset.copy));

  // The difference of any two configurations that were profiled, from the tables of their parts; see bench.stats.attribution.
  const difference = document.getElementById("difference");
  if (!difference) return;
  const picks = ["slower", "faster"].map((name) => document.getElementById(`difference-${name}`));
  function parts(key) {
    const taken = $("table.parts").find((listed) => listed.dataset.row === key);
    const kinds = [...taken.tBodies[0].rows].map((row) => [row.cells[0].textContent, Number(row.cells[1].dataset.value)]);
    return { label: taken.dataset.label, step: Number(taken.dataset.step), half: taken.dataset.half, kinds: new Map(kinds) };
  }
  function explain() {
    const [slower, faster] = picks.map((pick) => parts(pick.value)).sort((a, b) => b.step - a.step);
    const total = slower.step - faster.step, ratio = slower.step / faster.step; // as bench.explain.doubt has it
    const chance = slower.half && faster.half ? Math.log(ratio) <= Math.hypot(slower.half, faster.half) : ratio < 1.1;
    const names = [...new Set([...slower.kinds.keys(), ...faster.kinds.keys()])];
    const shares = names.map((name) => ({ name, ours: slower.kinds.get(name) || 0, theirs: faster.kinds.get(name) || 0 }));
    shares.sort((a, b) => Math.abs(b.ours - b.theirs) - Math.abs(a.ours - a.theirs));
    difference.tBodies[0].replaceChildren(...shares.slice(0, 12).map(({ name, ours, theirs }) => {
      const row = document.createElement("tr");
      const head = Object.assign(document.createElement("th"), { scope: "row", className: "name", textContent: name });
      const share = total && !chance ? `${((ours - theirs) / total * 100).toFixed(1)}\u00a0%` : "-";
      const cells = [seconds(ours), seconds(theirs), seconds(ours - theirs), share];
      row.append(head, ...cells.map((textContent) => Object.assign(document.createElement("td"), { textContent })));
      return row;
    }));
    const large = (sign) => shares.map(({ name, ours, theirs }) => ({ name, share: sign * (ours - theirs) / total }))
      .filter(({ name, share }) => total && share >= 0.1 && name !== difference.dataset.unnamed).slice(0, 3);
    const named = large(1).map(({ name, share }, at) => `${percent(share)}${at ? "" : " of it"} ${name}`)
      .concat(large(-1).map(({ name, share }) => `less ${percent(share)} by which ${name} is faster`));
    const times = ratio >= 1.995 ? `${rounded(ratio, 2)}x` : percent(ratio - 1);
    document.getElementById("difference-sentence").textContent = ratio < 1.01
      ? `${slower.label} and ${faster.label} take the same time, within 1\u00a0%.`
      : `${slower.label} is ${times} slower than ${faster.label}${chance ? ", which may be chance" : named.length ? `: ${named.join(", ")}` : ""}.`;
  }
  document.getElementById("difference-tools").hidden = false;
  document.getElementById("difference-tools").addEventListener("submit", (event) => event.preventDefault());
  for (const pick of picks) pick.addEventListener("change", explain);
