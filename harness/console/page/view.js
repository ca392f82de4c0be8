// Zoom and pan of a drawing by wheel, drag, pinch and buttons. Scale is px of the screen for each px of the drawing.

const MOST = 4;
const FAR = 0.62; // below this scale only the texts of the first level are legible
const NEAR = 0.85;

export class View {
  constructor(svg, content, size) {
    Object.assign(this, {svg, content, size, scale: 1, x: 0, y: 0, moved: false, fitted: true});
    this.fingers = new Map();
    svg.addEventListener("wheel", (event) => this.wheel(event), {passive: false});
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) svg.addEventListener(name, (event) => this.up(event));
    this.watcher = new ResizeObserver(() => (this.fitted ? this.fit() : this.apply()));
    this.watcher.observe(svg);
  }

  stop() {
    this.watcher.disconnect();
  }

  fit() {
    const {width, height} = this.svg.getBoundingClientRect();
    if (!width) return;
    this.scale = Math.min(width / this.size.width, height / this.size.height, 1.6);
    this.x = (width - this.size.width * this.scale) / 2;
    this.y = Math.max(0, (height - this.size.height * this.scale) / 2);
    this.least = this.scale;
    this.fitted = true;
    this.apply();
  }

  zoom(factor, x, y) {
    const box = this.svg.getBoundingClientRect();
    const at = [x ?? box.width / 2, y ?? box.height / 2];
    const scale = Math.min(MOST, Math.max((this.least ?? 0.1) * 0.8, this.scale * factor));
    this.x = at[0] - ((at[0] - this.x) * scale) / this.scale;
    this.y = at[1] - ((at[1] - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.apply();
  }

  reveal(box) {
    const {width, height} = this.svg.getBoundingClientRect();
    const x = this.x + (box.x + box.width / 2) * this.scale;
    const y = this.y + (box.y + box.height / 2) * this.scale;
    if (x > 20 && x < width - 20 && y > 20 && y < height - 20) return;
    this.x = width / 2 - (box.x + box.width / 2) * this.scale;
    this.y = height / 2 - (box.y + box.height / 2) * this.scale;
    this.fitted = false;
    this.apply();
  }

  wheel(event) {
    event.preventDefault();
    const box = this.svg.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 400), event.clientX - box.x, event.clientY - box.y);
  }

  down(event) {
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
    this.moved = false;
    this.way = 0;
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const others = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    if (others.length) {
      const far = (at) => Math.hypot(at[0] - others[0][0], at[1] - others[0][1]);
      const box = this.svg.getBoundingClientRect();
      this.zoom(far(now) / Math.max(1, far(before)), others[0][0] - box.x, others[0][1] - box.y);
    } else {
      this.way += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
      if (this.way > 6) this.moved = true;
      if (this.moved) {
        this.x += now[0] - before[0];
        this.y += now[1] - before[1];
        this.fitted = false;
        this.apply();
      }
    }
    this.fingers.set(event.pointerId, now);
  }

  up(event) {
    this.fingers.delete(event.pointerId);
  }

  apply() {
    this.content.setAttribute("transform", `translate(${this.x.toFixed(1)} ${this.y.toFixed(1)}) scale(${this.scale.toFixed(4)})`);
    this.svg.classList.toggle("far", this.scale < FAR);
    this.svg.classList.toggle("near", this.scale >= NEAR);
  }
}
