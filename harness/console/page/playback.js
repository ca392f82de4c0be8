// Playback of a recorded run. A bar under the header has the slider of its time and "continue from here"; the drawings
// and the panel show the state at the slider (`store.atS`) as they show a running site. The screen has the timeline
// and the verdicts with their robustness.

import {fill, h} from "./dom.js";
import {get, post} from "./net.js";
import {refresh} from "./panel.js";
import {store, take} from "./store.js";
import {clock, t} from "./texts.js";
import {Timeline} from "./timeline.js";
import {chart} from "./trends.js";

const WAIT_MS = 60; // of a slider that still moves
const ROWS = {faults: "fault", transfers: "transfer", alarms: "alarm", commands: "command"};

let run = null; // the answer of /timeline

// The bar, once for the whole page. Returns a function that goes to a time, s.
export async function bar(element) {
  run = await get("/timeline");
  store.atS ??= run.from_s;
  const can = store.site.can ?? {};
  const now = h("output", {}, clock(store.atS));
  const message = h("span", {role: "status"});
  const slider = h("input", {type: "range", id: "at", min: run.from_s, max: run.duration_s, step: 0.1, value: store.atS, "aria-label": t("time.clock")});
  const seek = async () => {
    store.atS = Number(slider.value);
    now.textContent = clock(store.atS);
    slider.setAttribute("aria-valuetext", clock(store.atS));
    try {
      take(await get(`/state?at_s=${store.atS}`));
      refresh();
    } catch (error) {
      message.textContent = error.message;
    }
  };
  let timer = null;
  slider.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(seek, WAIT_MS);
  });
  const branch = async () => {
    try {
      const answer = await post("/branch", {at_s: store.atS});
      const text = t("branched", {time: clock(store.atS)});
      fill(message, answer.link ? h("a", {href: answer.link}, text) : text);
    } catch (error) {
      message.textContent = `${t("refused")}: ${error.message} ${error.next ?? ""}`;
    }
  };
  const button = h("button", {type: "button", id: "branch", disabled: !can.branch, onclick: branch}, t("branch"));
  fill(element, h("b", {}, t("recording")), slider, now, button, can.branch ? null : h("small", {}, can.reasons?.branch ?? ""), message);
  element.hidden = false;
  await seek();
}

export function playback(stage) {
  const timeline = new Timeline();
  const events = Object.entries(ROWS).flatMap(([name, row]) => (run[name] ?? []).map((event) => ({...event, row})));
  timeline.draw(events.sort((a, b) => a.t_s - b.t_s), run.from_s, run.duration_s);
  stage.append(h("div", {class: "page"}, h("h2", {}, t("timeline")), timeline.element, verdicts(run.verdicts ?? [])));
  return {};
}

function verdicts(list) {
  return h("section", {}, h("h2", {}, t("verdicts")), list.map((one) => h("figure", {class: `verdict ${one.verdict}`},
    h("figcaption", {}, h("b", {}, t(`verdict.${one.verdict}`)), ` ${one.property}`),
    one.robustness?.length ? chart(one.robustness, run.from_s, run.duration_s, true) : null)));
}
