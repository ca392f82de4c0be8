// Texts of the page in English and French. `t(KEY, {name: value})` gives one in the chosen language.

let table = {};
let chosen = "en";

export const LANGUAGES = ["en", "fr"];

export async function loadTexts(language) {
  if (!Object.keys(table).length) table = await (await fetch("/page/texts.json")).json();
  chosen = LANGUAGES.includes(language) ? language : "en";
  document.documentElement.lang = chosen;
}

export const language = () => chosen;

export function t(key, values = {}) {
  const text = table[key]?.[chosen] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// A word of the plant (a kind, a state): its translation, or the word itself.
export function word(group, name) {
  const known = table[`${group}.${name}`];
  return known ? known[chosen] : String(name).replaceAll("_", " ");
}

// Fill every element of the shell that names a text.
export function translate(root = document) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-title]")) element.title = t(element.dataset.title);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = t(element.dataset.placeholder);
}

// A number in the reader's notation, at most `digits` after the point.
export function number(value, digits = 2) {
  if (typeof value !== "number") return value === null || value === undefined ? "–" : String(value);
  return value.toLocaleString(chosen, {maximumFractionDigits: digits});
}

// Seconds of the site's clock as d hh:mm:ss.
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const days = Math.floor(whole / 86400);
  const text = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return days ? `${days} d ${text}` : text;
}
