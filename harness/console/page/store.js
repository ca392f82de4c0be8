// The state of the site as last received. Values of two runs (two boot ids) are never mixed: a new run empties it.

export const store = {
  boot: null,
  site: null, // the answer of /site
  nowS: 0, // the site's clock, s
  running: true,
  speed: 1,
  nodes: {},
  wires: {},
  alarms: [],
  faults: [],
  selected: null, // id of the component in the panel
  live: false, // true while the stream brings changes
};

const listeners = {change: new Set(), select: new Set(), boot: new Set()};

export function on(what, listener) {
  listeners[what].add(listener);
  return () => listeners[what].delete(listener);
}

function tell(what, value) {
  for (const listener of [...listeners[what]]) listener(value);
}

// Take a frame or its changes. Returns false if it belongs to another run than what is shown.
export function take(frame) {
  if (store.boot !== null && frame.boot_id !== store.boot) {
    tell("boot", frame.boot_id);
    return false;
  }
  store.boot = frame.boot_id;
  if (frame.now_s !== undefined) store.nowS = frame.now_s;
  if (frame.running !== undefined) store.running = frame.running;
  if (frame.speed !== undefined) store.speed = frame.speed;
  Object.assign(store.nodes, frame.nodes);
  Object.assign(store.wires, frame.wires);
  if (frame.alarms) store.alarms = frame.alarms;
  if (frame.faults) store.faults = frame.faults;
  tell("change", frame);
  return true;
}

export function reset(boot) {
  Object.assign(store, {boot, nodes: {}, wires: {}, alarms: [], faults: []});
}

export function select(id) {
  store.selected = id;
  tell("select", id);
}
