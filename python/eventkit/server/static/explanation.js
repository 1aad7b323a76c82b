// Why a session scores as it does: its contributions as bars, in a table that says the numbers.

import { element, foreign } from "./element.js";

const NAMES = {
  interest_match: "Matching interests",
  popularity: "Popularity",
  diversity: "Variety of interests",
};

const number = (value) => (typeof value === "number" ? value.toFixed(3) : String(value));

function bar(value, most) {
  const filled = element("span", { class: value < 0 ? "filled negative" : "filled" });
  // Set as a property: a style attribute is what the page's policy forbids.
  filled.style.inlineSize = `${most > 0 ? (Math.abs(value) / most) * 100 : 0}%`;
  filled.hidden = !value;
  return element("span", { class: "track", "aria-hidden": "true" }, filled);
}

function row([name, value], most) {
  const said = NAMES[name] ?? name.replaceAll("_", " ");
  return element(
    "tr",
    { "data-factor": name },
    element("th", { scope: "row" }, said),
    element("td", { class: "bar" }, bar(Number(value), most)),
    element("td", { class: "number" }, number(value)),
  );
}

function chips(tags) {
  if (!tags.length) return element("p", { class: "matched" }, "No tag matches your interests.");
  const items = tags.map((tag) => foreign("li", tag));
  return element(
    "div",
    { class: "matched" },
    element("p", {}, tags.length === 1 ? "Matching tag" : "Matching tags"),
    element("ul", { class: "chips" }, ...items),
  );
}

/** A table of `{score, contributions, matched_tags}`; `note` says where it is not the server's own. */
export function drawExplanation(explanation, note) {
  const contributions = Object.entries(explanation.contributions);
  const most = Math.max(0, ...contributions.map(([, value]) => Math.abs(Number(value)) || 0));
  const head = element(
    "thead",
    { class: "hidden" },
    element(
      "tr",
      {},
      element("th", { scope: "col" }, "Contribution"),
      element("td", {}, ""),
      element("th", { scope: "col" }, "Points"),
    ),
  );
  const total = element(
    "tr",
    {},
    element("th", { scope: "row" }, "Score"),
    element("td", {}, ""),
    element("td", { class: "number" }, number(explanation.score)),
  );
  return [
    element(
      "table",
      { class: "contributions" },
      element("caption", {}, "What the score is made of"),
      head,
      element("tbody", {}, ...contributions.map((entry) => row(entry, most))),
      element("tfoot", {}, total),
    ),
    chips(explanation.matched_tags),
    note ? element("p", { class: "hint" }, note) : null,
  ].filter(Boolean);
}
