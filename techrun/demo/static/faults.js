"use strict";
async function send(body) {
  const answer = await fetch("/_faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) return;
  const { faults } = await answer.json();
  for (const fault of faults) document.querySelector(`[name="${fault.name}"]`).checked = fault.on;
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[role=switch]")) send({ name: event.target.name, on: event.target.checked });
});
document.getElementById("mend").addEventListener("click", () => send({ all: false }));
