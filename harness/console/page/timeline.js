// The timeline of a run: a row each for faults, transfers, alarms, commands and the rest; time runs to the right, s.

import {h, s} from "./dom.js";
import {clock, t} from "./texts.js";

const ROWS = ["fault", "transfer", "alarm", "command", "other"];
const WIDTH = 1000;
const ROW = 22;

// The row of an event of the plant's journal.
export function group(event) {
  const what = event.what ?? "";
  if (event.row) return event.row;
  if (/console|control|terminal/.test(event.who ?? "")) return "command";
  if (/fault|short|trip/.test(what)) return "fault";
  if (/transfer|position|battery|started|source/.test(what)) return "transfer";
  if (/alarm/.test(what)) return "alarm";
  if (/command|write|deed|set$/.test(what)) return "command";
  return "other";
}

export class Timeline {
  constructor() {
    this.svg = s("svg", {class: "timeline", viewBox: `0 0 ${WIDTH + 90} ${ROW * ROWS.length + 24}`, role: "img", "aria-label": t("timeline")});
    this.list = h("ol", {class: "events"});
    this.element = h("div", {}, this.svg, h("details", {}, h("summary", {}, t("events")), this.list));
  }

  draw(events, fromS, toS) {
    const span = Math.max(1, toS - fromS);
    const x = (seconds) => 90 + ((seconds - fromS) / span) * (WIDTH - 10);
    const rows = ROWS.map((row, n) => s("g", {}, s("text", {class: "axis", x: 0, y: n * ROW + 15}, t(`row.${row}`)), s("line", {class: "grid", x1: 90, x2: WIDTH + 80, y1: n * ROW + ROW, y2: n * ROW + ROW})));
    const seen = new Set();
    const marks = [];
    for (const event of events) {
      const row = group(event);
      const at = x(event.t_s);
      const place = `${row} ${at.toFixed(0)}`;
      if (seen.has(place)) continue; // one mark for each px: more are not seen
      seen.add(place);
      marks.push(s("rect", {class: `event ${row}`, x: at - 2, y: ROWS.indexOf(row) * ROW + 4, width: 4, height: ROW - 8}, s("title", {}, `${clock(event.t_s)} ${event.who ?? ""} ${event.what}`)));
    }
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => s("text", {class: "axis", x: x(fromS + part * span), y: ROW * ROWS.length + 16, "text-anchor": part === 1 ? "end" : part ? "middle" : "start"}, clock(fromS + part * span)));
    this.svg.replaceChildren(...rows, ...marks, ...ticks);
    this.list.replaceChildren(...events.slice(-200).reverse().map((event) => h("li", {class: group(event)}, h("time", {}, clock(event.t_s)), ` ${event.who ?? ""} `, h("b", {}, event.what))));
  }
}
