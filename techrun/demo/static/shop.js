"use strict";
// Keeps the number beside the cart true when a page comes from the browser's history.
window.addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  const answer = await fetch("/api/cart");
  if (!answer.ok) return;
  const { pieces } = await answer.json();
  const badge = document.getElementById("pieces");
  badge.textContent = pieces;
  badge.hidden = pieces === 0;
});
// A second click on a button that sends a form does nothing.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  for (const button of event.target.querySelectorAll("button")) {
    setTimeout(() => { button.disabled = true; });
    setTimeout(() => { button.disabled = false; }, 4000);
  }
});
