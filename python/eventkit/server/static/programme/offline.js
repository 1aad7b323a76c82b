// The page without the network: a service worker keeps the page and the programme, and what the
// panel reads later is fetched while the browser is idle.

import { ask } from "../http.js";
import { token } from "../token.js";

const MOST_PAGES = 40; // of details: 10,000 sessions

// The browser wants a promise that the worker's script is not made of somebody's text.
function trusted(url) {
  const policy = globalThis.trustedTypes?.createPolicy("eventkit-worker", { createScriptURL: (text) => text });
  return policy ? policy.createScriptURL(url) : url;
}

/** Wait until the worker answers the requests of this page. */
async function controlled() {
  const workers = navigator.serviceWorker;
  if (!workers.controller) await new Promise((resume) => workers.addEventListener("controllerchange", resume, { once: true }));
}

/** Register the worker. Without one, as on plain http elsewhere than this machine, the page needs the network. */
export async function keepOffline(programme, stored) {
  // What only a token may read is not kept for whoever uses this browser next.
  if (!navigator.serviceWorker || token() !== null) return;
  try {
    const worker = new URL("../sw.js", import.meta.url);
    await navigator.serviceWorker.register(trusted(worker.href), { scope: new URL("../../ui", import.meta.url).pathname, updateViaCache: "none" });
    await navigator.serviceWorker.ready;
    await controlled();
    // The worker has not seen what was loaded before it.
    await ask("tags");
    for (let page = 0; page < programme.pages; page += 1) await ask(page ? `sessions?page=${page}` : "sessions");
  } catch {
    return;
  }
  const pages = Math.min(programme.detailPages, MOST_PAGES);
  const idle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 200));
  for (let page = 0; page < pages; page += 1) {
    await new Promise((resume) => idle(resume));
    try {
      await programme.detailsOf(programme.sessions[page * programme.detailSize]);
    } catch {
      return;
    }
  }
  stored();
}
