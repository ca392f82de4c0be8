// Requests to the site and its stream of changes. Every request carries the token of the link.

const KEY = "twinfeed-token";
const PERSON = "twinfeed-person";
const SILENCE_MS = 12000; // the server sends a heartbeat each 5 s
const RETRY_MS = 1000;

export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
}

function headers(more = {}) {
  const token = sessionStorage.getItem(KEY);
  return token ? {...more, Authorization: `Bearer ${token}`} : more;
}

// The name under which actions are written into the journal, and padlocks are hung.
export const person = () => localStorage.getItem(PERSON) ?? "";

export const beCalled = (name) => localStorage.setItem(PERSON, name);

export class Refused extends Error {
  constructor(status, body) {
    super(body.error || `HTTP ${status}`);
    this.status = status;
    this.next = body.next || "";
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

export async function get(path) {
  return answer(await fetch(`/api/v1${path}`, {headers: headers(), cache: "no-store"}));
}

export async function post(path, body = {}) {
  const more = {"Content-Type": "application/json", "X-Person": person().replace(/[^ -ÿ]/g, "?")};
  const sent = {method: "POST", headers: headers(more), body: JSON.stringify(body)};
  return answer(await fetch(`/api/v1${path}`, sent));
}

// The stream: `onMessage(name, data)` for each event, `onState("live" | "lost" | "hidden", error)`. A hidden tab has
// no stream: a browser has six connections for one server, and the seventh tab would wait for ever.
export class Stream {
  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.stopper = null;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop("hidden") : this.start()));
    addEventListener("pagehide", () => this.stop("hidden"));
  }

  stop(state) {
    this.stopper?.abort();
    this.stopper = null;
    if (state) this.onState(state);
  }

  async start() {
    if (this.stopper) return;
    const stopper = (this.stopper = new AbortController());
    while (this.stopper === stopper) {
      let error = null;
      try {
        await this.read(stopper.signal);
      } catch (caught) {
        error = caught;
      }
      if (this.stopper !== stopper) return;
      this.onState("lost", error);
      if (error instanceof Refused && error.status === 401) return;
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }

  async read(signal) {
    const cut = new AbortController();
    const onAbort = () => cut.abort();
    signal.addEventListener("abort", onAbort);
    let timer = setTimeout(() => cut.abort(), SILENCE_MS);
    try {
      const response = await fetch("/api/v1/stream", {headers: headers(), signal: cut.signal, cache: "no-store"});
      if (!response.ok) await answer(response);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => cut.abort(), SILENCE_MS);
        text += value;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) this.take(event);
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  take(event) {
    let name = "message";
    let data = "";
    for (const line of event.split("\n")) {
      if (line.startsWith("event:")) name = line.slice(6).trim();
      if (line.startsWith("data:")) data += line.slice(5).trim();
    }
    if (data) this.onMessage(name, JSON.parse(data));
  }
}
