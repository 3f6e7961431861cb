// Elements: finding them, making them, and what all modules share.
const $ = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const table = byId("rows");
const body = table?.tBodies[0];
const heads = table ? [...table.tHead.rows[0].cells] : [];
const data = table ? await unpacked(byId("data").textContent) : {};
const rowOf = new Map(body ? [...body.rows].map((row) => [row.dataset.row, row]) : []);
const labelOf = (key) => rowOf.get(key).cells[0].dataset.value;
const keyOf = (label) => [...rowOf.keys()].find((key) => labelOf(key) === label);
const cellOf = (key, column) => rowOf.get(key).cells[heads.findIndex((head) => head.dataset.column === column)];
const headOf = (column) => heads.find((head) => head.dataset.column === column);
const titleOf = (head) => head.querySelector("button").textContent;
const unitOf = (head) => head.querySelector(".unit")?.textContent || "";
const say = (text) => { byId("announcement").textContent = text; };

async function unpacked(text) { // as bench.report.packed packs it
  const signs = atob(text), bytes = new Uint8Array(signs.length);
  for (let at = 0; at < signs.length; at += 1) bytes[at] = signs.charCodeAt(at);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
const span = (className, textContent) => make("span", { className, textContent });

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { value: text }); // where the clipboard is closed to file://
    (document.querySelector("dialog:modal") || document.body).append(area); // what lies behind a modal cannot be selected
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
