// Trends: one chart a point, all on the same time. A gap in the data is a gap in the line, never a straight across.

import {h, s} from "./dom.js";
import {at} from "./panel.js";
import {get, Refused} from "./net.js";
import {clock, number, t} from "./texts.js";

const WIDTH = 1000; // px of the drawing
const HEIGHT = 90;
const LEFT = 90;
const POINTS = 400;

export class Trends {
  constructor(names = []) {
    this.names = [...names];
    this.hours = 0.5;
    this.element = h("div", {class: "trends"});
    const input = h("input", {name: "point", placeholder: "ups-a.charge_percent", "aria-label": t("point"), autocomplete: "off"});
    const span = h("select", {"aria-label": t("trends.span"), onchange: () => (this.hours = Number(span.value))},
      [[0.1, "6 min"], [0.5, "30 min"], [2, "2 h"], [8, "8 h"], [24, "24 h"]].map(([hours, text]) => h("option", {value: hours, selected: hours === this.hours}, text)));
    this.message = h("span", {class: "refused"});
    this.form = h("form", {class: "add", onsubmit: (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name && !this.names.includes(name)) this.names.push(name);
      input.value = "";
      if (this.nowS !== undefined) this.load(this.nowS);
    }}, input, h("button", {}, t("trends.add")), span, this.message);
  }

  async load(nowS, fromS = Math.max(0, nowS - 3600 * this.hours)) {
    this.nowS = nowS;
    if (!this.names.length) return;
    const query = this.names.map((name) => `name=${encodeURIComponent(name)}`).join("&");
    try {
      const series = await get(`/series?${query}&from_s=${fromS}&to_s=${nowS}&points=${POINTS}${at("&")}`);
      this.message.textContent = "";
      this.draw(series, fromS, nowS);
    } catch (error) {
      this.message.textContent = `${error.message} ${error.next ?? ""}`;
      if (error instanceof Refused && error.status === 404) this.names.pop(); // the one that was added last
    }
  }

  draw(series, fromS, toS) {
    const bands = this.bands ?? {};
    this.element.replaceChildren(...this.names.map((name) => h("figure", {},
      h("figcaption", {}, name, h("button", {type: "button", class: "small", "aria-label": `${t("close")} ${name}`, onclick: () => this.drop(name)}, "×")),
      chart(series[name] ?? [], fromS, toS, bands[name]))));
  }

  drop(name) {
    this.names = this.names.filter((one) => one !== name);
    this.element.querySelectorAll("figure").forEach((figure) => figure.textContent.startsWith(name) && figure.remove());
  }
}

// One chart. `points` is [[t_s, value | null], …]; true and false are drawn as 1 and 0.
export function chart(points, fromS, toS, zero = false) {
  const known = points.map(([time, value]) => [time, typeof value === "boolean" ? Number(value) : value]);
  const values = known.map(([, value]) => value).filter((value) => typeof value === "number");
  if (zero) values.push(0);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!values.length) [low, high] = [0, 1];
  else if (high === low) [low, high] = [low - 1, low + 1];
  const span = Math.max(1, toS - fromS);
  const x = (seconds) => LEFT + ((seconds - fromS) / span) * (WIDTH - LEFT - 10);
  const y = (value) => HEIGHT - 18 - ((value - low) / (high - low)) * (HEIGHT - 28);
  let path = "";
  let pen = false;
  for (const [time, value] of known) {
    if (typeof value !== "number") pen = false;
    else {
      path += `${pen ? "L" : "M"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = true;
    }
  }
  const last = values.length ? number(known.findLast(([, value]) => typeof value === "number")?.[1]) : "–";
  return s("svg", {class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${last}`},
    [low, high].map((value) => [s("line", {class: "grid", x1: LEFT, x2: WIDTH - 10, y1: y(value), y2: y(value)}), s("text", {class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end"}, number(value))]).flat(),
    zero && s("line", {class: "zero", x1: LEFT, x2: WIDTH - 10, y1: y(0), y2: y(0)}),
    s("path", {class: zero ? "robustness" : "trend", d: path}),
    s("text", {class: "axis", x: LEFT, y: HEIGHT - 4}, clock(fromS)), s("text", {class: "axis", x: WIDTH - 10, y: HEIGHT - 4, "text-anchor": "end"}, clock(toS)));
}
