// The token of a server that wants one: in this tab's storage alone, and asked for in a dialog.

import { element } from "./element.js";

const KEY = "eventkit-token";
let asking = null;

export function token() {
  return sessionStorage.getItem(KEY);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

function build(refused) {
  const value = element("input", {
    id: "token-value",
    type: "password",
    autocomplete: "off",
    "aria-describedby": "token-hint",
  });
  const hint = refused
    ? "That token was not accepted."
    : "It is kept until this tab is closed, and sent to this server alone.";
  const cancel = element("button", { type: "button" }, "Cancel");
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { id: "token-heading" }, "This server asks for a token"),
    element("p", { id: "token-hint", class: refused ? "refused" : null }, hint),
    element("label", { for: "token-value" }, "Token"),
    value,
    element("p", { class: "buttons" }, cancel, element("button", { class: "primary" }, "Use the token")),
  );
  const dialog = element("dialog", { class: "token", "aria-labelledby": "token-heading" }, form);
  cancel.addEventListener("click", () => dialog.close());
  return { dialog, form, value };
}

/** Resolves with whether there is a token now; several askers share one dialog. */
export function askForToken(refused) {
  asking ??= new Promise((resolve) => {
    const { dialog, form, value } = build(refused);
    const before = document.activeElement;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // Only what a header can carry: everything else would be a wrong token anyway.
      if (/^[\x21-\x7e]+$/.test(value.value.trim())) sessionStorage.setItem(KEY, value.value.trim());
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.();
      asking = null;
      resolve(token() !== null);
    });
    document.body.append(dialog);
    dialog.showModal();
    value.focus();
  });
  return asking;
}
