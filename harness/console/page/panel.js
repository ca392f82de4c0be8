// The side panel of one component: state, alarms, values, faults, deeds of people, isolation step by step, events.

import {fill, h} from "./dom.js";
import {get, post} from "./net.js";
import {on, select, store} from "./store.js";
import {clock, number, t, word} from "./texts.js";

const EVERY_MS = 2000;

let shown = null; // the last answer of /component
let said = null; // what the last action gave: {ok, text}
let timer = null;
const open = new Set(["alarms", "active", "values", "faults", "procedure"]);

export function panel(element) {
  on("select", (id) => show(element, id));
  on("boot", () => (shown = null));
  element.addEventListener("keydown", (event) => event.key === "Escape" && select(null));
}

export async function refresh(element = document.getElementById("panel")) {
  const id = store.selected;
  if (!id || !store.live) return;
  try {
    const answer = await get(`/component/${encodeURIComponent(id)}${at()}`);
    if (store.selected !== id) return;
    const fresh = shown?.id !== answer.id;
    shown = answer;
    // A form that somebody is filling in stays as it is.
    if (fresh || !element.querySelector("form :focus")) draw(element);
    else renew(element);
  } catch (error) {
    element.replaceChildren(head(id, {}), h("p", {class: "refused"}, `${error.message} ${error.next ?? ""}`));
  }
}

export const at = (sign = "?") => (store.atS === undefined || store.atS === null ? "" : `${sign}at_s=${store.atS}`);

function show(element, id) {
  element.hidden = !id;
  clearInterval(timer);
  said = null;
  if (!id) return;
  if (shown?.id !== id) element.replaceChildren(head(id, {}));
  refresh(element);
  timer = setInterval(() => document.hidden || refresh(element), EVERY_MS);
}

function head(id, node) {
  return h("header", {}, h("h2", {}, id), h("button", {type: "button", class: "close", "aria-label": t("close"), onclick: () => select(null)}, "×"),
    h("p", {class: `state is-${node.state}`}, node.state ? `${word("state", node.state)} – ${node.text ?? ""}` : ""));
}

function draw(element) {
  const c = shown;
  const node = store.nodes[c.id] ?? c.state ?? {};
  const scroll = element.scrollTop;
  const may = Boolean(store.site?.can?.write);
  fill(element,
    head(c.id, node),
    h("p", {class: "kind"}, [word("kind", c.kind), c.profile && `${c.profile.vendor} ${c.profile.product}`, node.card && `${t("card")}: ${word("card", node.card)}`].filter(Boolean).join(" · ")),
    said && h("p", {class: said.ok ? "done" : "refused", role: "alert"}, said.text),
    part("alarms", c.alarms.length, c.alarms.map((alarm) => h("p", {class: "alarm"}, `${alarm.text} · ${clock(alarm.since_s)}`))),
    part("active", c.active.length, c.active.map((fault) => active(fault, may))),
    part("values", c.quantities.length, table(c.quantities.map((q) => [q.name, `${number(q.value)} ${q.unit}`]))),
    part("procedure", c.procedure?.steps ? 1 : 0, procedure(c.procedure, may)),
    part("faults", c.faults.length, faults(c, may)),
    part("deeds", c.deeds?.length ?? 0, deeds(c, may)),
    part("points", c.points.length, points(c, may)),
    part("reads", c.reads.length, c.reads.map(line)),
    part("events", c.events.length, c.events.map((event) => h("p", {class: "event"}, h("time", {}, clock(event.t_s)), ` ${event.what} `, h("small", {}, details(event.data))))),
  );
  element.scrollTop = scroll;
}

// Draw anew all but the part that somebody is filling in: its neighbours must not show old values as present ones.
function renew(element) {
  const fresh = h("div");
  draw(fresh);
  for (const old of [...element.children]) {
    if (old.contains(document.activeElement) || !old.dataset.part) continue;
    const now = fresh.querySelector(`:scope > [data-part="${old.dataset.part}"]`);
    if (now) old.replaceWith(now);
    else old.remove();
  }
  element.querySelector("header").replaceWith(fresh.querySelector("header"));
}

const details = (data) => Object.entries(data ?? {}).map(([key, value]) => `${key} ${number(value)}`).join(", ");

function part(name, count, content) {
  if (!count) return null;
  const box = h("details", {"data-part": name, open: open.has(name)}, h("summary", {}, `${t(`panel.${name}`)}`, h("small", {}, count > 1 ? ` ${count}` : "")), content);
  box.addEventListener("toggle", () => (box.open ? open.add(name) : open.delete(name)));
  return box;
}

const table = (rows) => h("table", {}, h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", {scope: "row"}, name), h("td", {}, value)))));

// Do something, then show what came of it and how the component is now.
export async function act(path, body, done) {
  try {
    const answer = await post(path, body);
    const refused = answer.outcome && answer.outcome !== "done";
    said = {ok: !refused, text: refused ? `${t("refused")}: ${answer.reason}` : done ?? t("done")};
  } catch (error) {
    said = {ok: false, text: `${t("refused")}: ${error.message}${error.next ? ` – ${error.next}` : ""}`};
  }
  await refresh();
  const element = document.getElementById("panel");
  if (shown && !element.hidden) draw(element);
  return said;
}

function active(fault, may) {
  const clear = () => act("/clear", {target: fault.target, kind: fault.kind}, `${fault.kind}: ${t("cleared")}`);
  return h("p", {class: "active"}, h("b", {}, fault.kind), ` ${fault.target === shown.id ? "" : fault.target} ${details(fault.params)} `,
    h("button", {type: "button", disabled: !may, onclick: clear}, t("clear")));
}

function faults(component, may) {
  const kind = h("select", {name: "kind", "aria-label": t("fault")}, component.faults.map((fault) => h("option", {value: fault.kind}, fault.kind)));
  const fields = h("div", {class: "fields"});
  const choose = () => {
    const fault = component.faults.find((one) => one.kind === kind.value);
    fields.replaceChildren(h("p", {class: "doc"}, fault.doc),
      ...(fault.of.length ? [field({name: "of", doc: fault.of.join(", ")}, "text")] : []),
      ...fault.parameters.map((parameter) => field(parameter, "number")),
      field({name: "for_s", unit: "s", low: 0, doc: t("fault.for")}, "number"));
  };
  kind.addEventListener("change", choose);
  choose();
  return h("form", {class: "fault", onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const fault = component.faults.find((one) => one.kind === kind.value);
    const parameters = {};
    for (const one of fault.parameters) if (data.get(one.name) !== "") parameters[one.name] = Number(data.get(one.name));
    const body = {target: data.get("of") ? `${component.id}:${data.get("of")}` : component.id, kind: kind.value, parameters};
    if (data.get("for_s")) body.for_s = Number(data.get("for_s"));
    document.activeElement?.blur();
    act("/fault", body, `${kind.value}: ${t("begun")}`);
  }}, kind, fields, h("button", {class: "danger", disabled: !may, title: may ? "" : store.site?.can?.reasons?.write ?? ""}, t("fault.begin")));
}

function field(parameter, type) {
  const limits = type === "number" ? {min: finite(parameter.low), max: finite(parameter.high), step: parameter.whole ? 1 : "any"} : {};
  const range = [parameter.low, parameter.high].filter((limit) => finite(limit) !== null).map((limit) => number(limit)).join("…");
  return h("label", {title: parameter.doc ?? ""}, h("span", {}, parameter.name, h("small", {}, ` ${parameter.unit ?? ""} ${range}`)),
    h("input", {name: parameter.name, type, ...limits, value: parameter.default ?? "", placeholder: parameter.default === undefined ? "–" : String(parameter.default ?? "–")}));
}

const finite = (limit) => (typeof limit === "number" && Number.isFinite(limit) ? limit : null);

function deeds(component, may) {
  return component.deeds.map((deed) => h("form", {class: "deed", onsubmit: (event) => {
    event.preventDefault();
    const data = Object.fromEntries([...new FormData(event.target)].map(([name, text]) => [name, name === "person" ? text : meant(text)]));
    document.activeElement?.blur();
    act("/do", {target: component.id, deed: deed.deed, parameters: data}, `${deed.deed}: ${t("done")}`);
  }}, h("span", {title: deed.doc}, h("b", {}, deed.deed), h("small", {}, ` ${deed.doc}`)),
  ...Object.entries(deed.parameters ?? {}).map(([name, doc]) => h("input", {name, required: true, value: /^(\S+) .*\(.* to .*\)$/.exec(doc)?.[1] ?? "", placeholder: name, title: doc, "aria-label": name})),
  h("button", {disabled: !may}, t("do"))));
}

// The steps of isolation and return. The step that is due has a button; what stands against it is beside it, and a
// second button does it all the same: the answer of the plant is then the lesson.
function procedure(card, may) {
  if (!card?.steps) return null;
  const go = (force) => act("/isolate", {target: shown.id, force});
  const rows = card.steps.map((step, n) => {
    const [deed, target] = step.text.split(" ");
    const blocked = step.due && step.unmet.length > 0;
    return h("li", {class: step.done ? "step-done" : step.due ? "due" : "", value: n + 1, "data-way": step.way},
      h("span", {}, word("deed", deed), " ", h("a", {href: `${location.hash.split("/").slice(0, 2).join("/")}/${target}`}, target), step.done ? " ✓" : ""),
      step.due ? h("button", {type: "button", disabled: !may || blocked, onclick: () => go(false)}, t("do")) : null,
      blocked ? h("small", {class: "unmet"}, `⊘ ${step.unmet.join("; ")} `, h("button", {type: "button", class: "small danger", disabled: !may, onclick: () => go(true)}, t("force"))) : null);
  });
  const along = (way) => rows.filter((row) => row.dataset.way === way);
  return h("div", {class: "procedure"}, h("h3", {}, t("isolate")), h("ol", {}, along("out")), h("h3", {}, t("return")), h("ol", {}, along("back")));
}

function points(component, may) {
  return h("table", {class: "points"},
    h("thead", {}, h("tr", {}, [t("point"), t("value"), t("raw"), t("place")].map((text) => h("th", {scope: "col"}, text)))),
    h("tbody", {}, component.points.map((point) => h("tr", {title: [point.doc, point.source].filter(Boolean).join("\n")},
      h("th", {scope: "row"}, point.name, point.writable && may ? writer(component, point) : null),
      h("td", {}, `${number(point.value)} ${point.unit}`), h("td", {}, number(point.raw)), h("td", {class: "place"}, point.place ?? "")))));
}

function writer(component, point) {
  const change = () => {
    const given = prompt(`${point.name} ${point.unit} ${point.values.join(", ")}`, String(point.value));
    if (given === null) return;
    act("/write", {device: component.id, point: point.name, value: typed(given, point.value)}, `${point.name}: ${t("written")}`);
  };
  return h("button", {type: "button", class: "small", title: t("write"), "aria-label": `${t("write")} ${point.name}`, onclick: change}, "✎");
}

// A text as a value like `now`. One that is none goes as it is, and the device refuses it: "" is not 0, "yes" not false.
const typed = (given, now) => (now === null || typeof meant(given) === typeof now ? meant(given) : given);

// The truth or the number that a text is, or the text.
function meant(given) {
  const text = given.trim();
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : given;
}

function line(text) {
  const copy = (event) => {
    navigator.clipboard?.writeText(text);
    event.target.textContent = "✓";
  };
  return h("p", {class: "read"}, h("code", {}, text), h("button", {type: "button", class: "small", "aria-label": t("copy"), title: t("copy"), onclick: copy}, "⧉"));
}
