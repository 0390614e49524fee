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

const [WIDE, HIGH, COLUMN, LINE] = [190, 30, 270, 46];

// Part by part below each other; in each, columns by distance from the thing with the most neighbours.
function placed(links) {
  const near = new Map();
  for (const { subject, object } of links) {
    for (const [one, other] of [[subject, object], [object, subject]]) {
      near.set(one.value, (near.get(one.value) ?? new Set()).add(other.value));
    }
  }
  const places = new Map();
  let top = 10;
  for (const root of [...near.keys()].sort((a, b) => near.get(b).size - near.get(a).size || (a < b ? -1 : 1))) {
    if (places.has(root)) continue;
    const columns = [];
    const seen = new Set([root]);
    for (let front = [root]; front.length; ) {
      columns.push(front);
      front = [...new Set(front.flatMap((own) => [...near.get(own)]))].filter((own) => !seen.has(own)).sort();
      for (const own of front) seen.add(own);
    }
    const lines = Math.max(...columns.map((own) => own.length));
    columns.forEach((own, column) => own.forEach((key, i) => {
      places.set(key, [10 + COLUMN * column, top + ((i + 0.5) * LINE * lines) / own.length]);
    }));
    top += LINE * lines + 12;
  }
  return { places, height: top };
}

// A thing is a box; a statement between two is an arrow, with its predicate where there are several.
export function drawGraph(found, labels) {
  const links = found.filter((own) => own.object.type !== "literal");
  const nodes = new Map();
  for (const { subject, object } of links) for (const end of [subject, object]) nodes.set(end.value, end);
  if (!links.length || nodes.size > NODES) return null;
  const { places, height } = placed(links);
  const width = 60 + WIDE + Math.max(...[...places.values()].map(([x]) => x));
  const predicates = new Set(links.map((own) => labelled(own.predicate, labels)));
  const drawn = made("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Graph of ${nodes.size} things and ${links.length} statements` });
  drawn.append(made("defs", {}, made("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse" }, made("path", { d: "M0 0 8 4 0 8z", fill: "currentColor" }))));
  for (const { subject, predicate, object } of links) {
    const [[x1, y1], [x2, y2]] = [places.get(subject.value), places.get(object.value)];
    const [from, to] = x1 < x2 ? [x1 + WIDE, x2] : x1 > x2 ? [x1, x2 + WIDE] : [x1 + WIDE, x2 + WIDE];
    // Within a column the arrow goes round the boxes between.
    const turn = x1 === x2 ? 24 + Math.min(24, Math.abs(y2 - y1) / 8) : 0;
    const path = turn ? `M${from} ${y1 - 5}C${from + turn} ${y1 - 5} ${to + turn} ${y2 + 5} ${to} ${y2 + 5}` : `M${from} ${y1}L${to} ${y2}`;
    drawn.append(made("path", { d: path, fill: "none", stroke: "currentColor", "stroke-opacity": 0.6, "marker-end": "url(#arrow)" }));
    if (predicates.size > 1) {
      const [x, y] = [(from + to) / 2 + 0.75 * turn, (y1 + y2) / 2 - 4];
      drawn.append(made("text", { x, y, "text-anchor": turn ? "start" : "middle", class: "predicate" }, short(labelled(predicate, labels), 18)));
    }
  }
  for (const [key, [x, y]] of places) {
    drawn.append(
      made("rect", { x, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: 6, class: "node" }),
      made("text", { x: x + WIDE / 2, y: y + 4, "text-anchor": "middle", fill: "currentColor", "font-size": 12 }, short(labelled(nodes.get(key), labels), 28), made("title", {}, key)),
    );
  }
  const all = predicates.size > 1 ? "" : ` Every arrow is ${[...predicates][0]}.`;
  return figure(drawn, `Statements between things.${all} The table has all statements.`);
}
