// Elements without a library: h("button", {class: "x", onclick: f}, "text", …). No style attributes: the policy forbids them.

const SVG = "http://www.w3.org/2000/svg";

const isContent = (child) => child !== null && child !== undefined && child !== false;

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(isContent));
  return element;
}

export const h = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

export const s = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

// Replace what an element holds; `null`, `undefined` and `false` are left out.
export const fill = (element, ...children) => element.replaceChildren(...children.flat().filter(isContent));

// Set a text only when it differs: an untouched element costs no layout.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Give a text to the person as a file.
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], {type: "text/plain"}));
  h("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
