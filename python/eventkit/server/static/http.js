// Questions to the server. It lies one folder up from this module, also behind a prefix.

import { askForToken, forgetToken, token } from "./token.js";

export class Refusal extends Error {
  constructor(message, status, content) {
    super(message);
    this.status = status;
    this.content = content;
  }
}

async function send(path, { body, signal }) {
  const headers = { Accept: "application/json" };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  const options = { headers, signal, credentials: "omit" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  try {
    return await fetch(new URL(`../${path}`, import.meta.url), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server does not answer. Is it running?", 0, {});
  }
}

async function read(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return {};
  }
}

function describe(response, content) {
  if (response.status === 401) return "This server answers only with the right token.";
  if (response.status === 429 || response.status === 503) {
    const seconds = Number(response.headers.get("Retry-After"));
    const wait = seconds > 0 ? `in ${seconds} s` : "in a moment";
    return `The server is busy. Try again ${wait}.`;
  }
  const said = typeof content.error === "string" ? content.error : `status ${response.status}`;
  const expected = typeof content.expected === "string" ? ` (expected: ${content.expected})` : "";
  return `The server refused: ${said}${expected}.`;
}

/** Ask for JSON: POST where there is a `body`, else GET. Asks for a token where one is needed. */
export async function ask(path, question = {}) {
  let response = await send(path, question);
  while (response.status === 401) {
    const refused = token() !== null;
    forgetToken();
    if (!(await askForToken(refused))) break;
    response = await send(path, question);
  }
  const content = await read(response);
  if (!response.ok) throw new Refusal(describe(response, content), response.status, content);
  return content;
}
