// Recommendations as Adaptive Cards, as Teams and Copilot show them, and their itinerary.

import { drawCard, splitCard } from "./card.js";
import { Combobox, valuesOf } from "./combobox.js";
import { download } from "./download.js";
import { byId, element } from "./element.js";
import { drawExplanation } from "./explanation.js";
import { ask } from "./http.js";
import { announce, hideProblem, showProblem } from "./notice.js";
import { drawTimeline } from "./timeline.js";

const form = byId("question");
const box = byId("interests");
const combobox = new Combobox(box, byId("chosen"), byId("suggestions"), announce);
let asking = null; // aborts the question under way when another is asked
let answered = null; // {interests, top, recommendation} of what is shown

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

function typed() {
  return { interests: combobox.commit(), top: Number(byId("top").value) || 5 };
}

// Each interest has a parameter of its own, since it may hold commas.
function remember({ interests, top }) {
  const url = new URL(location.href);
  const pairs = [...interests.map((interest) => ["interest", interest]), ["top", top]];
  url.search = new URLSearchParams(pairs).toString();
  history.replaceState(null, "", url);
}

function setBusy(busy) {
  byId("answer").setAttribute("aria-busy", String(busy));
  form.classList.toggle("busy", busy);
}

// The server's explanation first. It takes no title that is very long or has control characters,
// and finds the first of two sessions with one title: then this answer's own figures are shown.
async function explanationOf(place) {
  const { interests, recommendation } = answered;
  const session = recommendation.sessions[place];
  const score = recommendation.scoring[place];
  const wanted = new Set(interests.map((interest) => interest.toLowerCase()));
  const own = {
    ...score,
    matched_tags: (session.tags ?? []).filter((tag) => wanted.has(String(tag).toLowerCase())),
  };
  const twins = recommendation.sessions.filter(({ title }) => title === session.title).length > 1;
  if (twins) return { explanation: own, note: "Several sessions have this title." };
  try {
    return { explanation: await ask("explain", { body: { session: session.title, interests } }) };
  } catch (error) {
    if (![400, 404, 413].includes(error.status)) throw error;
    return { explanation: own, note: "From the recommendation: the server does not take this title." };
  }
}

async function explain(place, button, panel) {
  if (!panel.hidden) {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    announce("Explanation closed.");
    return;
  }
  hideProblem();
  button.setAttribute("aria-expanded", "true");
  panel.replaceChildren(element("p", { class: "hint" }, "Explaining…"));
  panel.hidden = false;
  try {
    const { explanation, note } = await explanationOf(place);
    panel.replaceChildren(...drawExplanation(explanation, note));
    announce(`Score ${Number(explanation.score).toFixed(3)}. The explanation follows the button.`);
  } catch (error) {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    showProblem(error);
  }
}

function showCards({ adaptiveCard, scoring, sessions }) {
  const items = splitCard(adaptiveCard, sessions).map((content, place) => {
    const { drawn, button, panel } = drawCard(content, place, () => explain(place, button, panel));
    const score = element(
      "p",
      { class: "score" },
      element("span", { class: "hidden" }, "Score "),
      Number(scoring[place].score).toFixed(2),
    );
    return element("li", { class: "card" }, score, drawn, panel);
  });
  byId("cards").replaceChildren(...items);
}

function showItinerary({ sessions }) {
  const { sections, clashing } = drawTimeline(sessions);
  byId("timeline").replaceChildren(...sections);
  const overlaps = byId("overlaps");
  overlaps.classList.toggle("some", clashing > 0);
  overlaps.textContent = clashing
    ? `${plural(clashing, "session overlaps", "sessions overlap")} with another one.`
    : "No two sessions overlap.";
  return clashing;
}

function showEmpty(text) {
  byId("empty").lastElementChild.textContent = text;
  byId("empty").hidden = false;
  byId("results").hidden = true;
}

function showAnswer(question, recommendation) {
  answered = { ...question, recommendation };
  if (!recommendation.sessions.length) {
    showEmpty("The programme has no sessions.");
    announce("No sessions.");
    return;
  }
  showCards(recommendation);
  const clashing = showItinerary(recommendation);
  byId("empty").hidden = true;
  byId("results").hidden = false;
  const count = plural(recommendation.sessions.length, "session", "sessions");
  const overlapping = clashing ? `, ${clashing} of them overlapping` : "";
  announce(`${count} recommended${overlapping}.`);
}

async function recommend({ focus }) {
  hideProblem();
  const question = typed();
  if (!question.interests.length) {
    box.setAttribute("aria-invalid", "true");
    showProblem(new Error("Name at least one interest."));
    box.focus();
    return;
  }
  box.removeAttribute("aria-invalid");
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  remember(question);
  setBusy(true);
  announce("Looking for sessions…");
  try {
    showAnswer(question, await ask("recommend", { body: { ...question, card: true }, signal }));
    if (focus) byId("sessions-heading").focus();
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error);
  } finally {
    if (!signal.aborted) setBusy(false);
  }
}

async function save(kind) {
  hideProblem();
  const { interests, top } = answered;
  try {
    announce(`${await download(kind, { interests, top })} downloaded.`);
  } catch (error) {
    showProblem(error);
  }
}

async function completeTags() {
  try {
    combobox.tags = (await ask("tags")).tags;
  } catch (error) {
    // Without suggestions the page works all the same: the box takes any text.
    if (error.status === 0) showProblem(error);
  }
}

function start() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    recommend({ focus: true });
  });
  byId("download-ics").addEventListener("click", () => save("ics"));
  byId("download-md").addEventListener("click", () => save("md"));
  const asked = new URLSearchParams(location.search);
  if (asked.has("top")) byId("top").value = asked.get("top");
  const interests = [...valuesOf(asked.get("interests") ?? "", []), ...asked.getAll("interest")];
  if (interests.length) {
    combobox.choose(interests);
    recommend({ focus: false });
  }
  completeTags();
}

start();
