// My schedule: the keys of starred sessions, in this browser's storage alone.

/** Reads and writes the stars of one programme; tells its listeners when they change. */
export class Stars {
  #name;
  #keys;
  #listeners = [];

  constructor(programme) {
    // Other programmes may be served under the same address at another time.
    this.#name = `eventkit-stars ${location.pathname} ${programme.name ?? ""}`;
    this.#keys = this.#read();
    window.addEventListener("storage", (event) => {
      if (event.key !== this.#name) return;
      this.#keys = this.#read();
      this.#tell();
    });
  }

  #read() {
    try {
      const held = JSON.parse(localStorage.getItem(this.#name) ?? "[]");
      return new Set(Array.isArray(held) ? held.filter((key) => typeof key === "string") : []);
    } catch {
      return new Set();
    }
  }

  /** Store the stars. Returns false where the browser refuses, as in some private windows. */
  #write() {
    try {
      localStorage.setItem(this.#name, JSON.stringify([...this.#keys]));
      return true;
    } catch {
      return false;
    }
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }

  listen(listener) {
    this.#listeners.push(listener);
  }

  get keys() {
    return [...this.#keys];
  }

  get size() {
    return this.#keys.size;
  }

  has(key) {
    return this.#keys.has(key);
  }

  /** Star sessions, or take their stars away; returns whether the browser has stored it. */
  set(keys, starred) {
    for (const key of keys) {
      if (starred) this.#keys.add(key);
      else this.#keys.delete(key);
    }
    const stored = this.#write();
    this.#tell();
    return stored;
  }
}

/** The address of the page with keys in its fragment, which no browser sends to a server. */
export function shareLink(keys) {
  const url = new URL(location.href);
  url.search = "view=mine";
  url.hash = `shared=${keys.map(encodeURIComponent).join(",")}`;
  return url.href;
}

/** The keys of a shared address; null where it shares nothing. */
export function sharedKeys(hash) {
  if (!hash.startsWith("#shared=")) return null;
  try {
    return hash.slice("#shared=".length).split(",").filter(Boolean).map(decodeURIComponent);
  } catch {
    return [];
  }
}
