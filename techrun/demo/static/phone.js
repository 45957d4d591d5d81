"use strict";
// New messages come by themselves; the page keeps its place, and nothing moves while nothing is new.
async function look() {
  try {
    const answer = await fetch("/_phone", { headers: { accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [old, now] = [document.querySelector("main"), fresh.querySelector("main")];
    if (answer.ok && old.innerHTML !== now.innerHTML) old.replaceWith(now);
    document.title = fresh.title;
  } catch {
    document.title = "The demo has ended";
  }
  setTimeout(look, 1000);
}
setTimeout(look, 1000);
