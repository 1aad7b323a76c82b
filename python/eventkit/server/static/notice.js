// What happens is said: quietly in the status line, and as an alert when something went wrong.

import { byId } from "./element.js";

export function announce(text) {
  byId("status").textContent = text;
}

export function showProblem(error) {
  const problem = byId("problem");
  problem.textContent = error.message;
  problem.hidden = false;
  announce("");
}

export function hideProblem() {
  byId("problem").hidden = true;
  byId("problem").textContent = "";
}
