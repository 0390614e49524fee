import { isNumber, labelled } from "./results.js";

const SVG = "http://www.w3.org/2000/svg";
const BARS = 40;
const NODES = 60;

function made(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function figure(drawn, text) {
  const frame = document.createElement("figure");
  const scroll = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Picture");
  scroll.append(drawn);
  frame.append(scroll, Object.assign(document.createElement("figcaption"), { textContent: text }));
  return frame;
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Bars, where one column names each row and one other is a number throughout.
export function drawChart(found, labels) {
  const numbers = found.names.filter((name) => found.rows.length > 1 && found.rows.every((row) => isNumber(row[name])));
  const names = found.names.filter((name) => !numbers.includes(name) && new Set(found.rows.map((row) => labelled(row[name], labels))).size === found.rows.length);
  if (!numbers.length || !names.length || found.rows.length > BARS) return null;
  const [number, name] = [numbers[0], names[0]];
  const values = found.rows.map((row) => Number(row[number].value));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const scale = (value) => 260 + (420 * (value - low)) / (high - low || 1);
  const height = 26 * values.length + 10;
  const title = `${number} by ${name}`;
  const drawn = made("svg", { viewBox: `0 0 780 ${height}`, width: 780, height, role: "img", "aria-label": title });
  values.forEach((value, place) => {
    const y = 26 * place + 6;
    const [from, to] = [scale(0), scale(value)].sort((a, b) => a - b);
    drawn.append(
      made("text", { x: 250, y: y + 14, "text-anchor": "end", fill: "currentColor", "font-size": 13 }, short(labelled(found.rows[place][name], labels), 36)),
      made("rect", { x: from, y, width: Math.max(1, to - from), height: 18, class: "bar" }),
      made("text", { x: Math.max(from, to) + 6, y: y + 14, fill: "currentColor", "font-size": 13 }, String(value)),
    );
  });
  return figure(drawn, `${title}. The table says the same.`);
}

// Nodes on rings around the one with the most neighbours; an arrow for each statement between two things.
export function drawGraph(found, labels) {
  const links = found.filter((own) => own.object.type !== "literal");
  const nodes = new Map();
  for (const { subject, object } of links) for (const end of [subject, object]) nodes.set(end.value, end);
  if (!links.length || nodes.size > NODES) return null;
  const near = new Map([...nodes.keys()].map((key) => [key, new Set()]));
  for (const { subject, object } of links) {
    near.get(subject.value).add(object.value);
    near.get(object.value).add(subject.value);
  }
  const ring = new Map();
  const order = [...nodes.keys()].sort((a, b) => near.get(b).size - near.get(a).size || (a < b ? -1 : 1));
  let depth = 0;
  for (const root of order) {
    if (ring.has(root)) continue;
    let front = [root];
    while (front.length) {
      for (const own of front) ring.set(own, depth);
      depth += 1;
      front = [...new Set(front.flatMap((own) => [...near.get(own)]))].filter((own) => !ring.has(own)).sort();
    }
  }
  const rings = Array.from({ length: depth }, (_, level) => order.filter((own) => ring.get(own) === level));
  const wide = Math.max(...rings.map((own) => own.length));
  const [column, line] = [230, 54];
  const [width, height] = [column * rings.length + 20, line * wide + 40];
  const place = new Map();
  rings.forEach((own, level) => own.forEach((key, i) => place.set(key, [20 + column * level, 30 + ((i + 0.5) * line * wide) / own.length])));
  const drawn = made("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Graph of ${nodes.size} things and ${links.length} statements` });
  drawn.append(made("defs", {}, made("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse" }, made("path", { d: "M0 0 8 4 0 8z", fill: "currentColor" }))));
  for (const { subject, predicate, object } of links) {
    const [[x1, y1], [x2, y2]] = [place.get(subject.value), place.get(object.value)];
    const [from, to] = x1 < x2 ? [x1 + 170, x2] : x1 > x2 ? [x1, x2 + 170] : [x1 + 85, x2 + 85];
    drawn.append(
      made("line", { x1: from, y1, x2: to, y2, stroke: "currentColor", "stroke-opacity": 0.5, "marker-end": "url(#arrow)" }),
      made("text", { x: (from + to) / 2, y: (y1 + y2) / 2 - 4, "text-anchor": "middle", fill: "currentColor", "font-size": 10 }, short(labelled(predicate, labels), 22)),
    );
  }
  for (const [key, [x, y]] of place) {
    drawn.append(
      made("rect", { x, y: y - 15, width: 170, height: 30, rx: 6, class: "node" }),
      made("text", { x: x + 85, y: y + 4, "text-anchor": "middle", fill: "currentColor", "font-size": 12 }, short(labelled(nodes.get(key), labels), 25), made("title", {}, key)),
    );
  }
  return figure(drawn, "Statements between things. The table has all statements.");
}
