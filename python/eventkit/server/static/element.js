// Elements made by hand: text is always text, and nothing is parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function drawing(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Text of somebody else's: its own direction, whatever the page's is. */
export function foreign(tag, text, attributes = {}) {
  return element(tag, { dir: "auto", ...attributes }, String(text));
}

export function byId(id) {
  return document.getElementById(id);
}
