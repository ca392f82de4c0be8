// One drawing of the site: boxes, wires, cells. Coordinates come from the server in px of the drawing; the page moves
// and scales the whole. States change classes and texts of elements that are there; nothing is drawn anew.

import {h, s, setText} from "./dom.js";
import {get} from "./net.js";
import {on, select, store} from "./store.js";
import {LETTERS, MARKS, opens, paths} from "./symbols.js";
import {t, word} from "./texts.js";
import {View} from "./view.js";

const STANDBY = new Set(["off"]);
const OTHER_SIDE = /emergency|alternate/; // a transfer switch on its second source
const MARKED = ["failed", "warning", "unknown", "isolated", "starting"];

export async function diagram(stage, which) {
  const drawing = await get(`/drawing/${which}`);
  const shown = new Diagram(drawing);
  stage.append(shown.svg, shown.buttons, legend());
  shown.view.fit();
  shown.paint();
  const stop = [on("change", () => shown.later()), on("select", (id) => shown.mark(id))];
  shown.mark(store.selected);
  return {stop: () => stop.forEach((end) => end()) || shown.view.stop(), show: (id) => shown.show(id)};
}

class Diagram {
  constructor(drawing) {
    this.drawing = drawing;
    this.boxes = new Map(); // id -> {element, mark, value, bar, kind}
    this.lines = new Map(); // wire id -> element
    this.into = new Map(); // id -> wires that end there
    this.content = s("g");
    this.svg = s("svg", {class: "diagram", role: "group", "aria-label": t("diagram")}, this.content);
    const under = s("g", {class: "wires"});
    for (const wire of drawing.wires) under.append(this.wire(wire));
    this.content.append(under);
    for (const node of drawing.nodes) this.content.append(node.strip ? this.strip(node) : this.node(node));
    this.fromGenerators = drawing.wires.filter((wire) => this.kind(wire.from) === "generator").map((wire) => wire.id);
    this.view = new View(this.svg, this.content, drawing);
    this.buttons = h("div", {class: "zoom"},
      h("button", {type: "button", title: t("zoom.in"), "aria-label": t("zoom.in"), onclick: () => this.view.zoom(1.3)}, "+"),
      h("button", {type: "button", title: t("zoom.out"), "aria-label": t("zoom.out"), onclick: () => this.view.zoom(1 / 1.3)}, "−"),
      h("button", {type: "button", title: t("zoom.fit"), "aria-label": t("zoom.fit"), onclick: () => this.view.fit()}, "⤢"));
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  wire(wire) {
    const corners = wire.points.map((point) => point.join(",")).join(" ");
    const line = s("polyline", {points: corners, class: wire.alternate ? "wire alternate" : "wire", "data-wire": wire.id});
    this.lines.set(wire.id, line);
    if (!this.into.has(wire.to)) this.into.set(wire.to, []);
    this.into.get(wire.to).push(wire);
    return line;
  }

  node(node) {
    const group = this.button(node.id, "node " + (node.symbol === "bar" ? "bus" : "tile") + ` level-${node.level}`, node.kind);
    const middle = node.x + node.w / 2;
    const entry = {kind: node.kind, element: group};
    if (node.symbol === "bar") {
      entry.value = s("tspan", {class: "value"});
      group.append(
        s("rect", {class: "bar", x: node.x, y: node.y + node.h - 6, width: node.w, height: 6}),
        s("text", {class: "label", x: node.x + 3, y: node.text.y + 10}, node.label, " ", entry.value));
    } else {
      const place = this.mirrored(node.id) ? `translate(${middle + 12} ${node.y + 1}) scale(-1 1)` : `translate(${middle - 12} ${node.y + 1})`;
      entry.symbol = s("g", {class: "symbol", transform: place});
      entry.value = s("text", {class: "value", x: middle, y: node.y + 42, "text-anchor": "middle"});
      entry.load = s("rect", {class: "load", x: node.x + 1, y: node.y + node.h - 2.5, width: 0, height: 2.5});
      entry.width = node.w - 2;
      group.append(
        s("rect", {class: "back", x: node.x, y: node.y, width: node.w, height: node.h, rx: 2}), entry.symbol,
        s("text", {class: "label", x: middle, y: node.text.y + 8.5, "text-anchor": "middle"}, node.label), entry.value, entry.load);
    }
    entry.mark = this.badge(node.x + node.w - 13, node.y + 1);
    // The hit area is the last child: symbols over it would take the clicks.
    group.append(entry.mark, s("rect", {class: "hit", x: node.x, y: node.y, width: node.w, height: node.h}));
    this.boxes.set(node.id, entry);
    return group;
  }

  // True for a transfer switch whose second source comes from the left: its poles are drawn on the sides of its wires.
  mirrored(id) {
    const end = (terminal) => this.into.get(id)?.find((wire) => wire.terminal === terminal)?.points.at(-1)[0];
    return end("emergency") < end("normal") || end("alternate") < end("preferred");
  }

  badge(x, y) {
    return s("g", {class: "mark", transform: `translate(${x} ${y})`}, s("path"), s("text", {x: 6, y: 9.6, "text-anchor": "middle"}));
  }

  strip(node) {
    const group = s("g", {class: `strip level-${node.level}`});
    group.append(
      s("rect", {class: "back", x: node.x, y: node.y, width: node.w, height: node.h, rx: 2}),
      s("text", {class: "label", x: node.x + node.w / 2, y: node.text.y + 9.5, "text-anchor": "middle"}, node.label));
    for (const cell of node.strip.members) {
      const element = this.button(cell.id, "cell", node.kind);
      const text = s("text", {x: cell.x + cell.w / 2, y: cell.y + 12.5, "text-anchor": "middle"}, cell.label);
      element.append(
        s("rect", {class: "back", x: cell.x + 0.75, y: cell.y + 0.75, width: cell.w - 1.5, height: cell.h - 1.5}), text,
        s("rect", {class: "hit", x: cell.x, y: cell.y, width: cell.w, height: cell.h}));
      this.boxes.set(cell.id, {kind: node.kind, element, cell: text, label: cell.label});
      group.append(element);
    }
    return group;
  }

  button(id, classes, kind) {
    const open = () => select(id.replace(/\/device$/, ""));
    const group = s("g", {class: classes, role: "button", tabindex: -1, "data-id": id, "data-kind": kind}, s("title"));
    group.addEventListener("click", () => this.view.moved || open());
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open();
      }
    });
    return group;
  }

  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  paint() {
    this.expected = new Map();
    // Sets that run together have one phase angle and one name: that of their group.
    const generated = new Set(this.fromGenerators.map((id) => store.wires[id]?.source));
    for (const [id, line] of this.lines) {
      const state = store.wires[id];
      line.classList.toggle("unknown", !state);
      line.classList.toggle("dead", state ? !state.live : false);
      line.classList.toggle("blocked", Boolean(state?.blocked));
      line.classList.toggle("generated", Boolean(state?.live && state.source && generated.has(state.source)));
    }
    for (const [id, entry] of this.boxes) this.paintBox(id, entry, store.nodes[id]);
  }

  kind(id) {
    return this.boxes.get(id)?.kind;
  }

  paintBox(id, entry, node) {
    const state = node?.state ?? "unknown";
    const quiet = state === "dead" && this.standby(id);
    const shown = quiet ? "off" : state;
    const key = `${shown}|${node?.text}|${node?.value}|${node?.unit}|${node?.load}`;
    if (entry.key === key) return;
    entry.key = key;
    const element = entry.element;
    for (const name of ["ok", "off", "dead", ...MARKED]) element.classList.toggle(`is-${name}`, name === shown);
    const spoken = word("state", shown);
    const told = [id, word("kind", entry.kind), spoken, `${node?.value ?? ""} ${node?.unit ?? ""}`.trim()].filter(Boolean).join(", ");
    element.setAttribute("aria-label", told);
    setText(element.firstChild, told);
    if (entry.cell) {
      setText(entry.cell, LETTERS[shown] && shown !== "ok" ? LETTERS[shown] : entry.label);
      return;
    }
    const open = opens(entry.kind) && (["off", "failed", "isolated"].includes(state) || OTHER_SIDE.test(node?.text ?? ""));
    if (entry.symbol && entry.drawn !== `${open}`) {
      entry.drawn = `${open}`;
      entry.symbol.replaceChildren(...paths(entry.kind, open).map((d) => s("path", {d})));
    }
    const value = node?.value && node.value !== "" ? `${node.value} ${node.unit ?? ""}`.trim() : "";
    setText(entry.value, shown === "ok" || shown === "warning" ? value || spoken : shown === "dead" ? t("dead.short") : spoken);
    if (entry.load) {
      const load = Math.max(0, Math.min(1, node?.load ?? 0));
      entry.load.setAttribute("width", (entry.width * load).toFixed(1));
      entry.load.classList.toggle("high", (node?.load ?? 0) > 0.9 && !/tank/.test(entry.kind));
    }
    const marked = shown === "dead" || MARKED.includes(shown);
    entry.mark.firstChild.setAttribute("d", marked ? MARKS[shown] : "");
    setText(entry.mark.lastChild, marked ? LETTERS[shown] : "");
  }

  // True if a dead component is dead as intended: all that feeds it is a generator at rest, or dead for the same reason.
  standby(id, seen = new Set()) {
    if (this.expected.has(id)) return this.expected.get(id);
    if (seen.has(id)) return false;
    seen.add(id);
    const wires = this.into.get(id) ?? [];
    const quiet = wires.length > 0 && wires.every((wire) => {
      const state = store.nodes[wire.from]?.state;
      return (this.kind(wire.from) === "generator" && STANDBY.has(state)) || (state === "dead" && this.standby(wire.from, seen));
    });
    this.expected.set(id, quiet);
    return quiet;
  }

  mark(id) {
    for (const [name, entry] of this.boxes) entry.element.classList.toggle("selected", name === id || name === `${id}/device`);
    const first = this.boxes.get(id) ?? this.boxes.values().next().value;
    for (const entry of this.boxes.values()) entry.element.setAttribute("tabindex", entry === first ? 0 : -1);
  }

  show(id) {
    const entry = this.boxes.get(id) ?? this.boxes.get(`${id}/device`);
    if (entry) this.view.reveal(entry.element.getBBox());
    return Boolean(entry);
  }

  // Arrow keys go to the nearest box in that direction.
  key(event) {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    const from = event.target.closest?.("[data-id]");
    if (event.key === "+" || event.key === "-") this.view.zoom(event.key === "+" ? 1.3 : 1 / 1.3);
    if (!way || !from) return;
    event.preventDefault();
    const here = from.getBBox();
    let best = null;
    for (const {element} of this.boxes.values()) {
      if (element === from) continue;
      const box = element.getBBox();
      const dx = box.x + box.width / 2 - here.x - here.width / 2;
      const dy = box.y + box.height / 2 - here.y - here.height / 2;
      const along = dx * way[0] + dy * way[1];
      const aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      if (along > 1 && (!best || along + 2 * aside < best.far)) best = {element, far: along + 2 * aside};
    }
    if (best) {
      best.element.setAttribute("tabindex", 0);
      best.element.focus();
    }
  }
}

function legend() {
  return h("details", {class: "legend"}, h("summary", {}, t("legend")),
    h("ul", {}, ...["ok", "off", "dead", ...MARKED].map((state) => h("li", {class: `is-${state}`}, h("b", {}, LETTERS[state] ?? "·"), ` ${word("state", state)}`)),
      h("li", {class: "key-live"}, t("legend.live")), h("li", {class: "key-generated"}, t("legend.generated")),
      h("li", {class: "key-dead"}, t("legend.dead")), h("li", {class: "key-alternate"}, t("legend.alternate")), h("li", {class: "key-unknown"}, t("legend.unknown"))));
}

