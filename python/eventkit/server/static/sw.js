// The service worker of the page at /ui: keeps its files and the programme for when there is no network.
// The network is asked first, so that a page with a network is never older than its server.

const CACHE = "eventkit-page-1";
const BASE = new URL("./", self.location.href); // .../ui/
const PAGE = new URL("../ui", BASE).pathname;
const DATA = ["sessions", "sessions/details", "tags"].map((path) => new URL(`../${path}`, BASE).pathname);
const SECONDS = 8_000; // a network that is slower counts as none, if there is something kept

const isPage = ({ pathname }) => pathname === PAGE;
const isKept = (url) => isPage(url) || url.pathname.startsWith(BASE.pathname) || DATA.includes(url.pathname);

/** The key of a request: the page is one, whatever its query says. */
const keyOf = (url) => (isPage(url) ? PAGE : `${url.pathname}${DATA.includes(url.pathname) ? url.search : ""}`);

async function fromNetwork(request, key) {
  const answer = await fetch(request);
  if (answer.ok && !answer.redirected) {
    const cache = await caches.open(CACHE);
    await cache.put(key, answer.clone());
  }
  return answer;
}

async function answered(request, key) {
  const kept = await (await caches.open(CACHE)).match(key);
  const network = fromNetwork(request, key);
  if (!kept) return network;
  const late = new Promise((resume) => setTimeout(() => resume(kept), SECONDS));
  return Promise.race([network.catch(() => kept), late]);
}

self.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    const list = await (await fetch(new URL("files.json", BASE))).json();
    await cache.addAll([PAGE, ...list.map((name) => new URL(name, BASE).href)]);
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("eventkit-page-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const { method, headers } = event.request;
  if (method === "GET" && url.origin === self.location.origin && isKept(url) && !headers.has("Authorization")) {
    event.respondWith(answered(event.request, keyOf(url)));
  }
});
