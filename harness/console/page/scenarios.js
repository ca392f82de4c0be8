// Scenarios: faults on a timeline that are dragged in time and in length, run on this site, saved and loaded as a file.
//
// The file is a scenario file of twinfeed written as JSON, which is YAML: the commands and the tests read it as well.

import {download, h, s} from "./dom.js";
import {get, post} from "./net.js";
import {store} from "./store.js";
import {clock, t} from "./texts.js";

const WIDTH = 1000; // px of the drawing
const ROW = 26;
const LEFT = 230;
const SPAN_S = [60, 300, 1800, 7200, 28800];
const OPEN_S = 1e9; // a fault without an end

const scenario = {faults: [], rest: {}}; // `rest`: the fields of a loaded file that are not drawn
let spanS = 1800;

export async function scenarios(stage) {
  const board = h("div", {class: "board"});
  const message = h("p", {role: "status"});
  const draw = () => board.replaceChildren(drawing(draw));
  const span = h("select", {"aria-label": t("trends.span"), onchange: () => ((spanS = Number(span.value)), draw())},
    SPAN_S.map((seconds) => h("option", {value: seconds, selected: seconds === spanS}, clock(seconds))));
  const file = h("input", {type: "file", accept: ".json,.yaml,.yml", "aria-label": t("scenario.load"), onchange: () => load(file, message, draw)});
  stage.append(h("div", {class: "page"},
    h("h2", {}, t("screen.scenarios")), h("p", {}, t("scenario.help")),
    await adder(draw, message),
    h("div", {class: "row"}, span, h("label", {class: "file"}, t("scenario.load"), file),
      h("button", {type: "button", onclick: save}, t("scenario.save")),
      h("button", {type: "button", class: "danger", id: "run", disabled: !store.site?.can?.write, onclick: () => run(message)}, t("scenario.run")),
      h("button", {type: "button", onclick: () => (Object.assign(scenario, {faults: [], rest: {}}), draw())}, t("scenario.empty"))),
    message, board));
  draw();
  return {};
}

async function adder(draw, message) {
  const target = h("input", {list: "names", required: true, placeholder: t("component"), "aria-label": t("component")});
  const kind = h("select", {"aria-label": t("fault"), required: true});
  target.addEventListener("change", async () => {
    try {
      const answer = await get(`/component/${encodeURIComponent(target.value)}?points=0`);
      kind.replaceChildren(...answer.faults.filter((fault) => !fault.of.length).map((fault) => h("option", {title: fault.doc}, fault.kind)));
    } catch (error) {
      message.textContent = error.message;
    }
  });
  return h("form", {class: "row", onsubmit: (event) => {
    event.preventDefault();
    if (!kind.value) return;
    scenario.faults.push({target: target.value, kind: kind.value, at_s: Math.round(spanS / 10), for_s: Math.round(spanS / 5)});
    draw();
  }}, target, kind, h("button", {}, t("scenario.add")));
}

function drawing(redraw) {
  const height = ROW * Math.max(1, scenario.faults.length) + 24;
  const x = (seconds) => LEFT + (Math.min(seconds, spanS) / spanS) * (WIDTH - LEFT - 30);
  const svg = s("svg", {class: "timeline board", viewBox: `0 0 ${WIDTH} ${height}`, role: "group", "aria-label": t("screen.scenarios")});
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(s("line", {class: "grid", x1: x(part * spanS), x2: x(part * spanS), y1: 0, y2: height - 18}),
      s("text", {class: "axis", x: x(part * spanS), y: height - 4, "text-anchor": "middle"}, clock(part * spanS)));
  }
  scenario.faults.forEach((fault, n) => {
    const end = fault.at_s + (fault.for_s ?? OPEN_S);
    const bar = s("rect", {class: "event fault", x: x(fault.at_s), y: n * ROW + 4, width: Math.max(6, x(end) - x(fault.at_s)), height: ROW - 8, tabindex: 0, role: "slider",
      "aria-label": `${fault.target} ${fault.kind}`, "aria-valuenow": fault.at_s, "aria-valuemin": 0, "aria-valuemax": spanS, "aria-valuetext": clock(fault.at_s)});
    const grip = s("rect", {class: "grip", x: x(end) - 4, y: n * ROW + 4, width: 8, height: ROW - 8});
    drag(svg, bar, (by) => (fault.at_s = Math.max(0, Math.round(fault.at_s + by))), redraw);
    drag(svg, grip, (by) => (fault.for_s = Math.max(1, Math.round((fault.for_s ?? spanS - fault.at_s) + by))), redraw);
    bar.addEventListener("keydown", (event) => {
      const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (event.key === "Delete") scenario.faults.splice(n, 1);
      else if (by && event.shiftKey) fault.for_s = Math.max(1, (fault.for_s ?? 60) + (by * spanS) / 100);
      else if (by) fault.at_s = Math.max(0, Math.round(fault.at_s + (by * spanS) / 100));
      else return;
      event.preventDefault();
      redraw();
      document.querySelectorAll(".board rect.event")[n]?.focus();
    });
    const remove = s("text", {class: "remove", x: 4, y: n * ROW + 18, role: "button", tabindex: 0, "aria-label": `${t("remove")} ${fault.target}`, onclick: () => (scenario.faults.splice(n, 1), redraw())}, "×");
    svg.append(remove, s("text", {class: "axis name", x: 20, y: n * ROW + 18}, `${fault.target} ${fault.kind}`), bar, grip);
  });
  return svg;
}

// Drag an element along the time axis; `by` gets the way in seconds.
function drag(svg, element, by, redraw) {
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const scale = (spanS / (WIDTH - LEFT - 30)) * (WIDTH / svg.getBoundingClientRect().width);
    let before = event.clientX;
    const move = (moved) => {
      by((moved.clientX - before) * scale);
      before = moved.clientX;
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      redraw();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  });
}

const written = () => ({duration_s: spanS, ...scenario.rest, site: store.site.site, injections: scenario.faults});

// The onsets count from now.
async function run(message) {
  try {
    await post("/scenario", {scenario: written()});
    message.textContent = t("scenario.running", {count: scenario.faults.length});
  } catch (error) {
    message.textContent = `${t("refused")}: ${error.message} ${error.next ?? ""}`;
  }
}

function save() {
  download(`${store.site.site}.scenario.yaml`, `${JSON.stringify(written(), null, 2)}\n`);
}

const UNIT_S = {s: 1, min: 60, h: 3600};

function seconds(given) {
  if (typeof given === "number") return given;
  const [, amount, unit] = /^\s*([\d.]+)\s*(s|min|h)\s*$/.exec(given) ?? [];
  if (amount === undefined) throw new Error(String(given));
  return Number(amount) * UNIT_S[unit];
}

async function load(input, message, draw) {
  try {
    const {site, duration_s, injections, ...more} = JSON.parse(await input.files[0].text());
    const named = String(site ?? "").split("/").at(-1).replace(/\.ya?ml$/, "");
    if (named !== store.site.site) throw new Error(t("scenario.other", {site: named}));
    scenario.faults = injections.map(({at_s, for_s, ...fault}) => ({...fault, at_s: seconds(at_s ?? 0), ...(for_s ? {for_s: seconds(for_s)} : {})}));
    scenario.rest = {...more, ...(duration_s === undefined ? {} : {duration_s})};
    const hidden = ["deeds", "commands"].filter((name) => more[name]?.length);
    message.textContent = hidden.length ? t("scenario.more", {names: hidden.join(", ")}) : "";
    draw();
    input.value = ""; // so that the same file can be loaded again
  } catch (error) {
    message.textContent = `${t("scenario.unreadable")} ${error.message}`;
  }
}
