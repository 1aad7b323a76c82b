// The page of latencies: asks the server every two seconds, unless paused or not looked at.

import { byId, element } from "./element.js";
import { drawHistogram, duration } from "./figure.js";
import { ask } from "./http.js";
import { announce, hideProblem, showProblem } from "./notice.js";

const EVERY = 2_000;
let paused = false;
let timer = 0;

function row([name, latency]) {
  const cells = [
    latency.count.toLocaleString("en"),
    ...["p50", "p95", "p99"].map((key) => duration(latency[key])),
    duration(latency.count ? latency.sum / latency.count : NaN),
  ];
  const drawn = cells.map((text) => element("td", {}, text));
  drawn.at(-1).className = "mean";
  return element(
    "tr",
    { "data-endpoint": name },
    element("th", { scope: "row" }, name),
    ...drawn,
  );
}

// An open table of numbers stays open, and keeps the focus, when its figure is drawn anew.
function redraw(entries) {
  const box = byId("histograms");
  const open = new Set([...box.querySelectorAll("details[open]")].map(nameOf));
  const focused = box.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  box.replaceChildren(...entries.map(([name, latency]) => drawHistogram(name, latency, open.has(name))));
  const figure = [...box.children].find(({ dataset }) => dataset.endpoint === focused);
  figure?.querySelector("summary").focus();
}

function nameOf(part) {
  return part.closest("figure").dataset.endpoint;
}

// A server that keeps no figures answers with an empty object.
function show({ routes = {} }) {
  const entries = Object.entries(routes).filter(([, { count }]) => count > 0);
  entries.sort(([, one], [, other]) => other.count - one.count);
  byId("rows").replaceChildren(...entries.map(row));
  redraw(entries);
  byId("empty").hidden = entries.length > 0;
  byId("updated").textContent = `Updated ${new Date().toLocaleTimeString("en-GB")}.`;
}

async function poll() {
  clearTimeout(timer);
  try {
    show(await ask("latency"));
    hideProblem();
  } catch (error) {
    if (byId("problem").textContent !== error.message) showProblem(error);
    // Without a token there is nothing to ask again for.
    if (error.status === 401) setPaused(true);
  }
  if (!paused && !document.hidden) timer = setTimeout(poll, EVERY);
}

function setPaused(value) {
  paused = value;
  byId("pause").setAttribute("aria-pressed", String(paused));
  announce(paused ? "Paused." : "");
  clearTimeout(timer);
}

byId("pause").addEventListener("click", () => {
  setPaused(!paused);
  if (!paused) poll();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !paused) poll();
});
poll();
