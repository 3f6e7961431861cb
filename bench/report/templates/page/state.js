// State: what is seen stands in the URL's fragment, after the section: #table&filter=mlp&sort=-step&ticked=mlp&ticked=lenet5
const kept = new Map();
let waiting = 0;
let restoring = false;

function remember(name, get, set) { kept.set(name, { get, set }); }

function partsOfHash() {
  const parts = location.hash.slice(1).split("&").filter(Boolean);
  const anchor = parts.length && !parts[0].includes("=") ? parts.shift() : "";
  return { anchor, wanted: new URLSearchParams(parts.join("&")) };
}
function fragment(anchor) {
  const pairs = [...kept].flatMap(([name, { get }]) => get().filter(Boolean).map((value) => [name, value]));
  const text = [anchor, new URLSearchParams(pairs).toString()].filter(Boolean).join("&");
  return text && `#${text}`;
}
function write() {
  clearTimeout(waiting);
  history.replaceState(null, "", fragment(partsOfHash().anchor) || location.pathname + location.search);
}
function changed() { // typing changes it often, and browsers limit how often an address may
  if (restoring) return;
  clearTimeout(waiting);
  waiting = setTimeout(write, 120);
}
function restore() {
  const { anchor, wanted } = partsOfHash();
  restoring = true;
  for (const [name, { get, set }] of kept) if (wanted.has(name) || get().some(Boolean)) set(wanted.getAll(name));
  restoring = false;
  if (wanted.size) byId(anchor)?.scrollIntoView({ behavior: "instant" }); // the browser looks for the whole fragment
}
function enableState() {
  restore();
  addEventListener("hashchange", () => {
    const { anchor, wanted } = partsOfHash();
    if (anchor && !wanted.size) write(); // a link to a section keeps what is seen
    else restore();
  });
}

enableMarks();
enableSteps();
enablePaths();
if (table) {
  byId("tools").hidden = false;
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  for (const enable of [enableDialog, enableRows, enableReference, enableTimes, enablePreference, enableSorting, enableCopying, enableDifference, enableSide, enablePanel, enableState]) enable();
}
