"use strict";
// Fettle Pay sandbox: asks for a token in place of the card, so that the shop never sees the number.
const FettlePay = {
  async authorise(card, amount) {
    const answer = await fetch("/payments/authorise", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ card, amount }),
    });
    return answer.json();
  },
};
const cardForm = document.getElementById("card-form");
const number = cardForm.elements.card_number;
const told = cardForm.querySelector("output");
number.addEventListener("input", () => {
  number.value = number.value.replace(/\D/g, "").slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ");
});
cardForm.addEventListener("submit", async (event) => {
  const method = cardForm.elements.method;
  if (method && method.value !== "card") return;
  event.preventDefault();
  const verdict = await FettlePay.authorise(number.value, Number(cardForm.dataset.amount));
  if (verdict.status !== "authorised") {
    told.textContent = `The card was ${verdict.message || "not authorised"}.`;
  } else if ("try" in cardForm.dataset) {
    told.textContent = `Authorised: ${verdict.token}`;
  } else {
    cardForm.elements.payment_token.value = verdict.token;
    number.value = "";
    cardForm.submit();
  }
});
