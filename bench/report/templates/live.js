"use strict";
(() => {
  const EVERY = 2000; // milliseconds
  const silent = document.getElementById("silent");
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { cache: "no-store" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const parts = [...page.querySelectorAll("[data-live]")];
        if (answer.ok && !parts.length) {
          location.reload(); // the run has ended: its report stands here now
          return;
        }
        for (const part of parts) {
          const shown = document.getElementById(part.id);
          if (shown && shown.innerHTML !== part.innerHTML) shown.replaceChildren(...part.childNodes);
        }
        if (silent) silent.hidden = true;
      } catch {
        if (silent) silent.hidden = false;
      }
    }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
})();
