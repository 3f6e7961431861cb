// Frames: many elements change as many a frame as it has time for, what is seen first, so that no reader waits for all.
const A_FRAME = 1500; // elements
let latest = 0; // of what is going on, which ends what went on before

function inFrames(changes) { // pairs of how many elements a change is about, and what it does
  const turn = latest += 1;
  let at = 0;
  (function go() {
    if (turn !== latest) return;
    for (let left = A_FRAME; at < changes.length && left > 0; at += 1) {
      const [elements, change] = changes[at];
      change();
      left -= elements;
    }
    if (at < changes.length) requestAnimationFrame(() => setTimeout(go)); // once this frame is painted
  })();
}
const isNear = (element) => { // whether it is in sight, or nearly
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -100 && top < innerHeight + 100;
};
