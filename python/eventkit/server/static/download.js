// A document of the server's, as a file of the visitor's.

import { element } from "./element.js";
import { ask } from "./http.js";

const KINDS = {
  ics: { format: "ics", member: "ics", type: "text/calendar", name: "itinerary.ics" },
  md: { format: "markdown", member: "markdown", type: "text/markdown", name: "itinerary.md" },
};

export async function download(kind, question) {
  const { format, member, type, name } = KINDS[kind];
  const answer = await ask("export", { body: { ...question, format } });
  const url = URL.createObjectURL(new Blob([answer[member]], { type: `${type};charset=utf-8` }));
  element("a", { href: url, download: name }).click();
  // The browser reads it after this returns.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return name;
}
