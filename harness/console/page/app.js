// The shell of the page: token, header, screens, the state of the connection. The address holds screen and selection:
// `#/power/ups-a`.

import {diagram} from "./diagram.js";
import {h, setText} from "./dom.js";
import {beCalled, get, person, post, Refused, Stream, takeToken} from "./net.js";
import {panel, refresh} from "./panel.js";
import {bar, playback} from "./playback.js";
import {scenarios} from "./scenarios.js";
import {on, reset, select, store, take} from "./store.js";
import {LANGUAGES, clock, language, loadTexts, t, translate} from "./texts.js";
import {time} from "./time.js";

const SPEEDS = [0.1, 1, 5, 10, 60, 600]; // times real time
const $ = (id) => document.getElementById(id);
const byDrawing = (which) => (stage) => diagram(stage, which);
const SCREENS = {
  power: byDrawing("power"), cooling: byDrawing("cooling"), network: byDrawing("network"), time, scenarios, playback,
};

let current = null; // what the open screen returned: {stop, show}
let screen = null;
let lostAt = null;

const playing = () => store.site?.world === "playback";

// A recording has no clock to run and no faults to begin; a running site has nothing to play back.
const screens = () => Object.keys(SCREENS).filter((name) => (playing() ? !["time", "scenarios"].includes(name) : name !== "playback"));

async function open(name) {
  if (!screens().includes(name)) name = screens()[0];
  screen = name;
  current?.stop?.();
  current = null;
  // What a screen that was left meanwhile still puts into its place is not seen.
  const place = h("div", {class: `screen ${name}`});
  $("stage").replaceChildren(place);
  tabs();
  try {
    const opened = await SCREENS[name](place);
    if (place.isConnected) current = opened;
    else opened?.stop?.();
  } catch (error) {
    place.append(h("p", {class: "refused"}, `${error.message} ${error.next ?? ""}`));
  }
}

function tabs() {
  $("tabs").replaceChildren(...screens().map((name) => h("a", {
    href: `#/${name}${store.selected ? `/${store.selected}` : ""}`, role: "tab", "aria-selected": String(name === screen), id: `tab-${name}`,
  }, t(`screen.${name}`))));
}

async function route() {
  const [, name = "power", id = ""] = location.hash.split("/");
  if (name !== screen) await open(name);
  if ((id || null) !== store.selected) select(id || null);
  if (id) current?.show?.(id);
}

// -- the header -----------------------------------------------------------------------------------------------

function header() {
  const can = store.site?.can ?? {};
  setText($("site"), store.site ? store.site.title || store.site.site : "twinfeed");
  setText($("clock"), clock(store.nowS));
  setText($("pause"), t(store.running ? "time.pause" : "time.resume"));
  $("pause").disabled = $("step").disabled = !can.pause;
  $("pause").title = can.reasons?.pause ?? t("time.pause.long");
  $("speed").disabled = !can.speed;
  $("speed").title = can.reasons?.speed ?? "";
  if (document.activeElement !== $("speed")) {
    const speeds = [...new Set([...SPEEDS, store.speed])].sort((a, b) => a - b);
    const offered = [...$("speed").options].map((option) => Number(option.value));
    if (String(offered) !== String(speeds)) $("speed").replaceChildren(...speeds.map((x) => h("option", {value: x}, `× ${x}`)));
    $("speed").value = String(store.speed);
  }
  $("language").textContent = language() === "fr" ? "English" : "Français";
  $("language").lang = language() === "fr" ? "en" : "fr";
}

function alarms() {
  const rows = [...store.alarms].sort((a, b) => rank(a) - rank(b) || b.since_s - a.since_s);
  const link = (id) => h("a", {href: `#/${screen}/${id.split(":")[0]}`}, id);
  $("alarms").replaceChildren(
    h("h2", {}, t("alarms.count", {alarms: rows.length, faults: store.faults.length})),
    h("ul", {},
      ...store.faults.map((fault) => h("li", {class: "fault"}, h("b", {class: "prio"}, "F"), link(fault.target), ` ${fault.kind} `, h("small", {}, fault.since_s === null ? "" : clock(fault.since_s)))),
      ...rows.map((alarm) => h("li", {class: `alarm ${alarm.severity}`}, h("b", {class: "prio"}, alarm.severity === "critical" ? "×" : "!"), link(alarm.device), ` ${alarm.text} `, h("small", {}, clock(alarm.since_s))))));
}

const rank = (alarm) => ["critical", "major", "warning", "minor"].indexOf(alarm.severity) + 1 || 9;

async function control(path, body) {
  try {
    await post(path, body);
    if ($("notice").className === "refused") notice();
  } catch (error) {
    notice("refused", `${t("refused")}: ${error.message} ${error.next ?? ""}`);
  }
}

// -- the connection -------------------------------------------------------------------------------------------

function notice(kind, text) {
  const element = $("notice");
  element.hidden = !text;
  element.className = kind ?? "";
  setText(element, text ?? "");
}

function connection(state, error) {
  store.live = state === "live";
  document.body.classList.toggle("lost", state !== "live"); // of a tab that was hidden, until it has a frame again
  if (state === "lost") {
    lostAt ??= new Date();
    const denied = error instanceof Refused && [401, 403].includes(error.status);
    notice("lost", denied ? `${t("denied")} ${error.message}` : t("lost", {time: lostAt.toLocaleTimeString(language())}));
  } else if (state === "live" && lostAt) {
    lostAt = null;
    notice("back", t("back", {time: new Date().toLocaleTimeString(language())}));
    setTimeout(() => lostAt || notice(), 6000);
  }
}

async function begin() {
  store.site = await get("/site");
  header();
  tabs();
}

// Another boot id: the site was started again. Nothing of the earlier run stays on the page.
async function restarted(boot) {
  reset(boot);
  await begin();
  screen = null;
  await route();
  refresh();
  alarms();
  notice("back", t("restarted"));
}

function message(name, data) {
  if (!store.live) connection("live");
  if (playing() && data.boot_id === store.boot) return; // the slider chooses what is shown
  if (!take(data)) take({...data, boot_id: store.boot});
}

async function start() {
  takeToken();
  document.documentElement.dataset.theme = localStorage.getItem("twinfeed-theme") ?? "";
  const spoken = navigator.languages.map((one) => one.slice(0, 2)).find((one) => LANGUAGES.includes(one));
  const wanted = localStorage.getItem("twinfeed-language") ?? spoken;
  await loadTexts(wanted);
  translate();
  panel($("panel"));
  on("change", (frame) => {
    header();
    if (frame.alarms || frame.faults) alarms();
    if (frame.nodes && $("names").childElementCount !== Object.keys(store.nodes).length) names();
  });
  on("boot", restarted);
  on("select", (id) => {
    const path = `#/${screen}${id ? `/${id}` : ""}`;
    if (location.hash !== path) location.hash = path;
    tabs();
  });
  addEventListener("hashchange", route);
  $("pause").addEventListener("click", () => control(store.running ? "/pause" : "/resume", {}));
  $("step").addEventListener("click", () => control("/step", {}));
  $("speed").addEventListener("change", async () => {
    await control("/speed", {speed: Number($("speed").value)});
    $("speed").blur(); // from now on it shows the speed of the site again, which a refusal has not changed
    setTimeout(header, 500);
  });
  $("person").value = person();
  $("person").addEventListener("change", () => beCalled($("person").value.trim()));
  $("time").addEventListener("submit", (event) => event.preventDefault());
  $("find").addEventListener("change", () => store.nodes[$("find").value] && select($("find").value));
  $("language").addEventListener("click", () => speak(LANGUAGES.find((one) => one !== language())));
  $("theme").addEventListener("click", theme);
  header();
  for (;;) {
    try {
      await begin();
      break;
    } catch (error) {
      connection("lost", error);
      if (error instanceof Refused && error.status === 401) return;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
  if (!wanted && store.site.language) await loadTexts(store.site.language);
  translate();
  take(await get("/state"));
  if (playing()) await bar($("bar"));
  await route();
  alarms();
  new Stream(message, connection).start();
}

function names() {
  const known = Object.keys(store.nodes).filter((name) => !name.includes("/"));
  $("names").replaceChildren(...known.map((name) => h("option", {value: name})));
}

async function speak(chosen) {
  localStorage.setItem("twinfeed-language", chosen);
  await loadTexts(chosen);
  translate();
  if (playing()) await bar($("bar"));
  header();
  alarms();
  await open(screen);
  select(store.selected);
  refresh();
}

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  localStorage.setItem("twinfeed-theme", document.documentElement.dataset.theme);
}

start();
