import { isNumber, labelled } from "./results.js";

const SHOWN = 1000;

// A table that is sorted by the heading that is pressed; numbers by size, all else by its label.
export function table(found, names) {
  const { labels } = names;
  const region = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", "Result");
  const made = document.createElement("table");
  const rest = found.rows.length - SHOWN;
  made.append(Object.assign(document.createElement("caption"), {
    textContent: rest > 0 ? `The first ${SHOWN} of ${found.rows.length} rows; a download has all.` : "Press a heading to sort by it.",
  }));
  const head = made.createTHead().insertRow();
  const body = made.createTBody();
  let order = { name: null, down: false };

  function fill() {
    const sorted = [...found.rows];
    if (order.name !== null) {
      const key = (row) => (isNumber(row[order.name]) ? Number(row[order.name].value) : labelled(row[order.name], labels).toLowerCase());
      sorted.sort((a, b) => {
        const [one, other] = [key(a), key(b)];
        const turn = typeof one === typeof other ? (one < other ? -1 : one > other ? 1 : 0) : typeof one === "number" ? -1 : 1;
        return order.down ? -turn : turn;
      });
    }
    body.replaceChildren(...sorted.slice(0, SHOWN).map((row) => {
      const line = document.createElement("tr");
      for (const name of found.names) line.append(cell(row[name], names));
      return line;
    }));
    for (const column of head.cells) {
      const own = column.dataset.name === order.name;
      column.setAttribute("aria-sort", own ? (order.down ? "descending" : "ascending") : "none");
    }
  }

  for (const name of found.names) {
    const column = Object.assign(document.createElement("th"), { scope: "col" });
    column.dataset.name = name;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", () => {
      order = { name, down: order.name === name && !order.down };
      fill();
    });
    column.append(button);
    head.append(column);
  }
  fill();
  region.append(made);
  return region;
}

function cell(term, { labels, short }) {
  const made = document.createElement("td");
  made.textContent = labelled(term, labels);
  if (isNumber(term)) made.className = "count";
  if (term?.type === "uri") {
    const iri = Object.assign(document.createElement("small"), { textContent: short(term.value), title: term.value, className: "iri" });
    made.append(iri);
  } else if (term?.language) {
    made.lang = term.language;
  }
  return made;
}
