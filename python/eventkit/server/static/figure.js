// Latencies as text and as a histogram, from the counts of a snapshot's buckets.

import { drawing, element } from "./element.js";

const WIDTH = 420;
const HEIGHT = 150;
const BASE = HEIGHT - 22;
const TOP = 26;

/** Seconds, in the unit that reads best. */
export function duration(seconds) {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "–";
  if (seconds < 0.001) return `${round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${round(seconds * 1e3)} ms`;
  return `${round(seconds)} s`;
}

function round(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** The buckets that hold something, and one to each side: `{from, to, count}`, `to` null at the end. */
export function buckets({ bounds, buckets: counts }) {
  const all = counts.map((count, place) => ({
    from: place === 0 ? 0 : bounds[place - 1],
    to: bounds[place] ?? null,
    count,
  }));
  const first = all.findIndex(({ count }) => count > 0);
  if (first < 0) return [];
  const last = all.findLastIndex(({ count }) => count > 0);
  return all.slice(Math.max(0, first - 1), last + 2);
}

function position(seconds, shown, width) {
  const place = shown.findIndex(({ to }) => to === null || seconds <= to);
  if (place < 0) return null;
  const { from, to } = shown[place];
  const within = to === null ? 0.5 : Math.min(1, Math.max(0, (seconds - from) / (to - from)));
  return (place + within) * width;
}

function columns(shown, width) {
  const most = Math.max(...shown.map(({ count }) => count));
  return shown.map(({ count }, place) => {
    const height = count ? Math.max(2, (count / most) * (BASE - TOP)) : 0;
    const shape = { x: place * width + 1, y: BASE - height, width: Math.max(1, width - 2), height, rx: 2 };
    return drawing("rect", { class: "column", ...shape });
  });
}

function marks(latency, shown, width) {
  const places = ["p50", "p95", "p99"].map((name) => [name, position(latency[name], shown, width)]);
  const lines = [];
  const said = [];
  for (const [name, x] of places.filter(([, x]) => x !== null)) {
    lines.push(drawing("line", { class: "mark", x1: x, x2: x, y1: TOP - 8, y2: BASE }));
    // Marks close together share one label.
    const last = said.at(-1);
    if (last && x - last.x < 30) last.names.push(name);
    else said.push({ x, names: [name] });
  }
  const texts = said.map(({ x, names }) => {
    const half = 12 * names.length;
    const middle = Math.min(WIDTH - half, Math.max(half, x));
    const where = { class: "percentile", x: middle, y: 12, "text-anchor": "middle" };
    return drawing("text", where, names.join(" "));
  });
  return [...lines, ...texts];
}

function labels(shown, width) {
  const step = Math.ceil(shown.length / 5);
  return shown.flatMap(({ to }, place) => {
    if (place % step !== step - 1 || to === null) return [];
    const x = (place + 1) * width;
    const anchor = x > WIDTH - 20 ? "end" : "middle";
    return [drawing("text", { x, y: HEIGHT - 6, "text-anchor": anchor }, duration(to))];
  });
}

function picture(latency, shown, name) {
  const width = WIDTH / shown.length;
  const said = ["p50", "p95", "p99"].map((key) => `${key} ${duration(latency[key])}`).join(", ");
  return drawing(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Histogram of ${name}: ${said}` },
    ...columns(shown, width),
    drawing("line", { class: "base", x1: 0, x2: WIDTH, y1: BASE, y2: BASE }),
    ...marks(latency, shown, width),
    ...labels(shown, width),
  );
}

function range({ from, to }) {
  return to === null ? `over ${duration(from)}` : `up to ${duration(to)}`;
}

function numbers(shown, open) {
  const rows = shown.map((bucket) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, range(bucket)),
      element("td", {}, bucket.count.toLocaleString("en")),
    ),
  );
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "Took"),
    element("th", { scope: "col" }, "Requests"),
  );
  return element(
    "details",
    { open },
    element("summary", {}, "Numbers"),
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
  );
}

/** One endpoint's histogram as a figure; `open` keeps its table of numbers open over a redraw. */
export function drawHistogram(name, latency, open) {
  const shown = buckets(latency);
  const count = latency.count === 1 ? "1 request" : `${latency.count.toLocaleString("en")} requests`;
  return element(
    "figure",
    { class: "histogram", "data-endpoint": name },
    element("figcaption", {}, name, element("span", {}, count)),
    shown.length ? picture(latency, shown, name) : null,
    numbers(shown, open),
  );
}
