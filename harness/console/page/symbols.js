// Symbols after IEC 60617, drawn here in a box of 24 × 20. Each is a list of SVG paths; `fill` paths are solid.
// A breaker that is open is drawn with its blade turned away: shape shows the state, not colour alone.

const CIRCLE = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
const BOX = "M4 2h16v16h-16z";
const CROSS = "M10 4l4 4m0-4l-4 4";

export const SYMBOLS = {
  utility: ["M12 0v20M4 6h16M7 11h10M12 0l-6 20M12 0l6 20"],
  generator: [CIRCLE(12, 10, 9), "M15 7.5a4 4 0 1 0 0 5v-2.5h-3"],
  transformer: [CIRCLE(12, 6.5, 5.5), CIRCLE(12, 13.5, 5.5)],
  breaker: ["M12 0v6M12 20v-5M12 15v-9", CROSS],
  "breaker-open": ["M12 0v6M12 20v-5M12 15l-6-8", CROSS],
  ats: ["M6 0v5M18 0v5M12 20v-6M12 14l-5.5-8", "M3.500 5h5M15.500 5h5"],
  "ats-open": ["M6 0v5M18 0v5M12 20v-6M12 14l5.5-8", "M3.500 5h5M15.500 5h5"],
  sts: ["M6 0v4M18 0v4M12 20v-5", "M2.500 4h7l-3.500 5zM14.500 4h7l-3.500 5zM6 9l6 6M18 9l-6 6"],
  ups: [BOX, "M4 18l16-16", "M6 7q1.500-3 3 0t3 0", "M13 14h5M13 16.500h5"],
  bus_tie: ["M0 10h7M24 10h-7M7 10h10", "M9 8l4 4m0-4l-4 4"],
  "bus_tie-open": ["M0 10h7M24 10h-7M7 10l9-6", "M9 8l4 4m0-4l-4 4"],
  pdu: [BOX, "M8 6h8M8 10h8M8 14h8"],
  rack_row: ["M5 1h14v18h-14z", "M5 6h14M5 10.500h14M5 15h14"],
  day_tank: ["M5 3q7-3 14 0v14q-7 3-14 0zM5 3q7 3 14 0"],
  chiller: [CIRCLE(12, 10, 9), "M5 5l14 5l-14 5"],
  pump: [CIRCLE(12, 10, 9), "M12 1l9 9l-9 9"],
  crah: [BOX, "M8 14a4 4 0 1 1 8 0M8 5h8"],
  climate: [CIRCLE(12, 10, 5), "M12 1v2M12 17v2M3 10h2M19 10h2M6 4l1 1M17 15l1 1M18 4l-1 1M7 15l-1 1"],
  cooling_tower: ["M5 19l3-10l-2-8h12l-2 8l3 10z", "M8 9h8"],
  switch: ["M2 5h20v10h-20z", "M6 8h5l-2-2M18 12h-5l2 2"],
  network: [CIRCLE(12, 10, 9), "M3 10h18M12 1q-7 9 0 18M12 1q7 9 0 18"],
  box: [BOX],
};

const SAME = {
  rotary_ups: "ups", bulk_tank: "day_tank", rack: "rack_row", rack_ats: "sts", crac: "crah", dry_cooler: "chiller",
  ventilation_fan: "pump", humidifier: "crah", paralleling_plc: "box", yard: "climate",
};

// The paths of a kind; `open` for a breaker or a tie that is not closed, and a transfer switch on its second source.
export function paths(kind, open = false) {
  const name = SAME[kind] || kind;
  return SYMBOLS[open ? `${name}-open` : name] || SYMBOLS[name] || SYMBOLS.box;
}

export const opens = (kind) => `${kind}-open` in SYMBOLS;

// The mark of an abnormal state: a letter in a shape, so that it is read without colour.
export const MARKS = {
  dead: "M1 1h10v10h-10z", failed: "M1 1h10v10h-10z", warning: "M6 0l6 11h-12z", unknown: "M6 0l6 6l-6 6l-6-6z",
  isolated: "M3 0h6l3 6l-3 6h-6l-3-6z", starting: CIRCLE(6, 6, 5.5),
};

export const LETTERS = {dead: "0", failed: "×", warning: "!", unknown: "?", isolated: "L", starting: "…"};
