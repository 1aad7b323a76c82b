// The server's Adaptive Card, drawn by the official renderer, one card a session: each has its own
// Explain button below it instead of a row of buttons at the end.

import { element } from "./element.js";

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

// Cards are texts of a programme, never markup: `onProcessMarkdown` stays unset.
AdaptiveCards.GlobalSettings.setTabIndexAtCardRoot = false;

/** Split the card into one for each session; its heading is the page's own. */
export function splitCard(card) {
  const containers = card.body.filter((part) => part.type === "Container");
  return containers.map((container, place) => ({
    type: "AdaptiveCard",
    version: card.version,
    body: container.items.map((item) => ({ ...item, wrap: true })),
    actions: [card.actions[place]],
  }));
}

// The renderer fills in {{DATE(...)}} and {{TIME(...)}} in any text; a title's text stays as it is.
function drawTextAsText(card) {
  for (let place = 0; place < card.getItemCount(); place += 1) {
    const block = card.getItemAt(place);
    if (block.renderedElement && block.text !== undefined) {
      block.renderedElement.textContent = block.text;
      block.renderedElement.dir = "auto";
    }
  }
}

/** Draw one session's card; `explain(data, button)` is called with its action's data. */
export function drawCard(content, place, explain) {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = CONFIG;
  card.parse(content);
  const drawn = card.render();
  drawTextAsText(card);
  const heading = card.getItemAt(0)?.renderedElement;
  heading?.classList.add("title");
  if (heading) heading.id = `session-${place}`;
  const button = drawn.querySelector("button");
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", `explanation-${place}`);
  button.setAttribute("aria-describedby", `session-${place}`);
  card.onExecuteAction = (action) => explain(action.data, button);
  const panel = element("div", { class: "explanation", id: `explanation-${place}`, hidden: true });
  return { drawn, button, panel };
}
