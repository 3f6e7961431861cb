// Flame: what moves through a flame graph and widens its frames, by pointer and by keyboard.
function enableFlame(flame, spot) {
  const frames = [...flame.children];
  const box = frames.map((frame) => {
    const value = (name) => Number(frame.style.getPropertyValue(name));
    return { left: value("--l"), right: value("--l") + value("--w"), row: value("--d") };
  });
  const holds = (a, b) => box[a].row < box[b].row && box[a].left <= box[b].left + 1e-3 && box[a].right >= box[b].right - 1e-3;
  let at = 0, zoomed = 0;
  const say = (frame) => { spot.textContent = frame.getAttribute("aria-label"); };
  function focus(next) {
    if (next === undefined || next < 0) return;
    frames[at].tabIndex = -1;
    at = next;
    frames[at].tabIndex = 0;
    frames[at].focus();
    say(frames[at]);
  }
  function zoom(next) {
    zoomed = next;
    const { left, right } = box[next];
    flame.style.setProperty("--from", left);
    flame.style.setProperty("--zoom", 100 / Math.max(right - left, 1e-6));
    frames.forEach((frame, number) => {
      frame.classList.toggle("above", holds(number, next));
      const outside = box[number].right <= left + 1e-4 || box[number].left >= right - 1e-4;
      frame.classList.toggle("hidden", number !== next && outside && !holds(number, next));
    });
  }
  const shown = (number) => !frames[number].classList.contains("hidden");
  const numbers = frames.map((_, number) => number);
  const above = (number) => numbers.findLast((other) => holds(other, number) && box[other].row === box[number].row - 1);
  const below = (number) => numbers.find((other) => shown(other) && box[other].row === box[number].row + 1 && holds(number, other));
  const beside = (number, step) => {
    const row = numbers.filter((other) => shown(other) && box[other].row === box[number].row).sort((a, b) => box[a].left - box[b].left);
    return row[row.indexOf(number) + step];
  };
  const keys = {
    ArrowUp: () => focus(above(at)), ArrowDown: () => focus(below(at)),
    ArrowLeft: () => focus(beside(at, -1)), ArrowRight: () => focus(beside(at, 1)), Home: () => focus(0),
    Enter: () => zoom(at), " ": () => zoom(at),
    Escape: () => { const up = zoomed ? above(zoomed) : undefined; zoom(up === undefined ? 0 : up); },
  };
  flame.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  flame.addEventListener("click", (event) => {
    const number = frames.indexOf(event.target.closest(".frame"));
    if (number < 0) return;
    focus(number);
    zoom(number === zoomed ? 0 : number);
  });
  flame.addEventListener("mouseover", (event) => { const frame = event.target.closest(".frame"); if (frame) say(frame); });
  flame.addEventListener("focusin", (event) => { const frame = event.target.closest(".frame"); if (frame) say(frame); });
  flame.addEventListener("mouseleave", () => say(frames[at]));
}
