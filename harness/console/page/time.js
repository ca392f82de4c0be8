// The time screen: run until, the timeline of events, trends of any points.

import {h} from "./dom.js";
import {get, post} from "./net.js";
import {store} from "./store.js";
import {clock, t} from "./texts.js";
import {Trends} from "./trends.js";
import {Timeline} from "./timeline.js";

const EVERY_MS = 2000;
const KEPT = 2000; // events on the timeline

export async function time(stage) {
  const timeline = new Timeline();
  const trends = new Trends();
  const message = h("p", {role: "status"});
  stage.append(
    h("div", {class: "page"},
      untilForm(message), message,
      h("h2", {}, t("timeline")), timeline.element,
      h("h2", {}, t("trends")), trends.form, trends.element));
  let after = 0;
  const events = [];
  const load = async () => {
    if (document.hidden || !(store.live || after === 0)) return;
    for (let more = true; more; ) {
      const answer = await get(`/events?after=${after}`);
      more = answer.seq > after && answer.events.length > 0;
      after = answer.seq;
      events.push(...answer.events);
      events.splice(0, events.length - KEPT);
    }
    timeline.draw(events, 0, store.nowS);
    await trends.load(store.nowS);
  };
  const safe = () => load().catch((error) => (message.textContent = error.message));
  await safe();
  const timer = setInterval(safe, EVERY_MS);
  return {stop: () => clearInterval(timer)};
}

function untilForm(message) {
  const can = store.site?.can ?? {};
  return h("form", {class: "until", onsubmit: async (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const body = data.get("condition") ? {when: data.get("condition")} : {at_s: store.nowS + 60 * Number(data.get("minutes"))};
    try {
      const answer = await post("/run_until", body);
      message.textContent = body.when ? t("until.condition.running", {condition: body.when}) : t("until.running", {time: clock(answer.until_s ?? body.at_s)});
    } catch (error) {
      message.textContent = `${t("refused")}: ${error.message} ${error.next ?? ""}`;
    }
  }},
  h("h2", {}, t("until")),
  h("label", {}, t("until.minutes"), h("input", {name: "minutes", type: "number", min: 0, step: "any", value: 10})),
  h("label", {}, t("until.condition"), h("input", {name: "condition", placeholder: "ups-a.charge_percent < 50"})),
  h("button", {disabled: !can.pause, title: can.reasons?.pause ?? ""}, t("run")));
}
