// The server's Adaptive Card, drawn by the official renderer, one card a session: each has its own
// Explain button below it instead of a row of buttons at the end.

import { element } from "./element.js";
import { describeSlot } from "./moment.js";

const { AdaptiveCards } = globalThis;

const colours = (name) => ({ default: `var(--${name})`, subtle: "var(--soft)" });
const CONFIG = new AdaptiveCards.HostConfig({
  fontFamily: "inherit",
  // A size left out would be the renderer's own.
  fontSizes: { small: 13, default: 15, medium: 16, large: 20, extraLarge: 26 },
  spacing: { small: 4, default: 8, medium: 12, large: 20, extraLarge: 32, padding: 0 },
  containerStyles: {
    default: {
      backgroundColor: "#00000000",
      foregroundColors: { default: colours("text"), accent: colours("accent") },
    },
  },
  actions: { maxActions: 100, actionAlignment: "left", buttonSpacing: 8, spacing: "medium" },
});

AdaptiveCards.GlobalSettings.setTabIndexAtCardRoot = false;

// A date and a time as people write them, where the manifest writes ISO 8601.
function readable(item, session) {
  const written = `${session.start} - ${session.end} @ `;
  const slot = describeSlot(session);
  const legible = slot && item.text.startsWith(written);
  const text = legible ? `${slot} @ ${item.text.slice(written.length)}` : item.text;
  return { ...item, text, wrap: true };
}

/** Split the card into one for each session; its heading is the page's own. */
export function splitCard(card, sessions) {
  const containers = card.body.filter((part) => part.type === "Container");
  return containers.map(({ items: [title, slot] }, place) => ({
    type: "AdaptiveCard",
    version: card.version,
    body: [{ ...title, wrap: true }, readable(slot, sessions[place])],
    actions: [card.actions[place]],
  }));
}

function texts(card) {
  return Array.from({ length: card.getItemCount() }, (_, place) => card.getItemAt(place));
}

// The renderer fills in {{DATE(...)}} and {{TIME(...)}} in any text; a title's text stays as it is.
function drawTextAsText(card) {
  for (const { renderedElement: drawn, text } of texts(card)) {
    if (drawn) Object.assign(drawn, { textContent: text, dir: "auto" });
  }
}

/** Draw one session's card; `explain(data, button)` is called with its action's data. */
export function drawCard(content, place, explain) {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = CONFIG;
  card.parse(content);
  // What a programme says is text, never Markdown.
  for (const block of texts(card)) block.useMarkdown = false;
  const drawn = card.render();
  drawTextAsText(card);
  const heading = card.getItemAt(0)?.renderedElement;
  heading?.classList.add("title");
  if (heading) {
    heading.id = `session-${place}`;
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", "3");
  }
  const button = drawn.querySelector("button");
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", `explanation-${place}`);
  button.setAttribute("aria-describedby", `session-${place}`);
  card.onExecuteAction = (action) => explain(action.data, button);
  const panel = element("div", { class: "explanation", id: `explanation-${place}`, hidden: true });
  return { drawn, button, panel };
}
