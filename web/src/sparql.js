import { autocompletion, closeCompletion, completionKeymap, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { StreamLanguage, bracketMatching, syntaxHighlighting, HighlightStyle } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { drawChart, drawGraph } from "./pictures.js";
import { rows, triples } from "./results.js";
import { table } from "./table.js";

const page = document.getElementById("query-page");
const terms = await (await fetch(page.dataset.terms)).json();
const labels = new Map(terms.terms.map((term) => [term.iri, term.label]));
const spaces = Object.entries(terms.prefixes).sort(([, a], [, b]) => b.length - a.length);
const names = { labels, short };

// A prefixed name where there is one: a whole IRI tells the reader little more.
function short(iri) {
  const [prefix, space] = spaces.find(([, own]) => iri.startsWith(own)) ?? [];
  const rest = space === undefined ? "/" : iri.slice(space.length);
  return /^[\w.-]+$/.test(rest) ? `${prefix}:${rest}` : iri;
}
const status = document.getElementById("status");
const result = document.getElementById("result");
const area = document.getElementById("query");
const examples = document.getElementById("examples");

// Colours are the page's own, so that light and dark follow it.
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--link)", fontWeight: "600" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: tags.string, color: "var(--go)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--open)" },
]);
const theme = EditorView.theme({
  "&": { border: "1px solid var(--line)", borderRadius: ".3rem", fontSize: ".95rem" },
  "&.cm-focused": { outline: "3px solid var(--link)", outlineOffset: "2px" },
  ".cm-content, .cm-gutter": { minHeight: "12rem" },
  ".cm-content": { fontFamily: "ui-monospace, monospace", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { background: "var(--tint)", color: "var(--soft)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "color-mix(in srgb, var(--link) 9%, transparent)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { background: "color-mix(in srgb, var(--link) 28%, transparent) !important" },
  ".cm-tooltip": { background: "var(--paper)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--link)", color: "var(--paper)" },
  ".cm-wrong": { textDecoration: "underline wavy var(--stop)", background: "color-mix(in srgb, var(--stop) 14%, transparent)" },
});

// The line of an error stays marked until the text changes.
const markLine = StateEffect.define();
const wrongLine = StateField.define({
  create: () => Decoration.none,
  update(marks, change) {
    for (const effect of change.effects) {
      if (effect.is(markLine)) return effect.value === null ? Decoration.none : Decoration.set([Decoration.line({ class: "cm-wrong" }).range(effect.value)]);
    }
    return change.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// A term is found by its short name or by any word of its label.
function complete(context) {
  const word = context.matchBefore(/[?$]?[\w:-]*/);
  // Not within a variable or a number; with nothing written only when it is asked for.
  if (!/^[A-Za-z]/.test(word.text) && !(context.explicit && !word.text)) return null;
  const wanted = word.text.toLowerCase();
  const options = terms.terms
    .filter((term) => term.short && (term.short.toLowerCase().includes(wanted) || term.label.toLowerCase().includes(wanted)))
    .slice(0, 60)
    .map((term) => ({ label: term.short, detail: term.label, info: term.definition || undefined, type: term.kind }));
  const prefixes = Object.entries(terms.prefixes)
    .filter(([prefix]) => prefix.startsWith(wanted))
    .map(([prefix, iri]) => ({ label: `${prefix}:`, detail: iri, type: "namespace" }));
  return { from: word.from, options: [...options, ...prefixes], filter: false };
}

const editor = new EditorView({
  parent: area.parentElement,
  state: EditorState.create({
    doc: area.value,
    extensions: [
      lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(), wrongLine, theme,
      StreamLanguage.define(sparql), syntaxHighlighting(colours), autocompletion({ override: [complete] }),
      // Tab is left to the browser: it leads out of the editor.
      keymap.of([{ key: "Mod-Enter", run: () => { ask(); return true; } }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
      EditorView.contentAttributes.of({ "aria-labelledby": "query-label", "aria-describedby": "query-help" }),
      EditorView.lineWrapping,
      // Its style sheets are taken by the page because they carry this word.
      EditorView.cspNonce.of(page.dataset.nonce),
    ],
  }),
});
area.hidden = true;
document.getElementById("query-label").htmlFor = "";

const query = () => editor.state.doc.toString();

async function send(accept) {
  const text = query();
  return fetch("/sparql", { method: "POST", headers: { "content-type": "application/sparql-query", accept }, body: text });
}

async function ask() {
  closeCompletion(editor);
  if (examples) examples.open = false;
  status.textContent = "Asking …";
  result.replaceChildren();
  editor.dispatch({ effects: markLine.of(null) });
  const begin = performance.now();
  let answer;
  try {
    answer = await send("application/sparql-results+json, application/n-triples;q=0.9");
  } catch {
    return failed({ error: "the server cannot be reached", hint: "start it again" });
  }
  const kind = answer.headers.get("content-type") ?? "";
  if (!answer.ok) return failed(await answer.json().catch(() => ({ error: `status ${answer.status}`, hint: "" })));
  const took = `${Math.round(performance.now() - begin)} ms`;
  if (kind.includes("n-triples")) showGraph(triples(await answer.text()), took);
  else showRows(rows(await answer.json()), took);
}

function failed(error) {
  const text = `${error.error}${error.hint ? `; ${error.hint}` : ""}.`;
  status.textContent = "";
  const said = Object.assign(document.createElement("p"), { className: "problem", textContent: text[0].toUpperCase() + text.slice(1) });
  said.setAttribute("role", "alert");
  result.replaceChildren(said);
  const line = Number(text.match(/the query:(\d+):/)?.[1]);
  if (line >= 1 && line <= editor.state.doc.lines) {
    const place = editor.state.doc.line(line);
    editor.dispatch({ selection: { anchor: place.from }, effects: [markLine.of(place.from), EditorView.scrollIntoView(place.from)] });
  }
  editor.focus();
}

function showRows(found, took) {
  status.textContent = `${found.rows.length} ${found.rows.length === 1 ? "row" : "rows"}, ${took}`;
  if (found.boolean !== undefined) {
    status.textContent = `${found.boolean ? "Yes" : "No"}, ${took}`;
    return;
  }
  const chart = drawChart(found, labels);
  result.replaceChildren(...[chart, table(found, names)].filter(Boolean), downloads(["CSV", "text/csv"], ["TSV", "text/tab-separated-values"], ["JSON", "application/sparql-results+json"]));
}

function showGraph(found, took) {
  status.textContent = `${found.length} ${found.length === 1 ? "statement" : "statements"}, ${took}`;
  const asRows = { names: ["subject", "predicate", "object"], rows: found };
  result.replaceChildren(...[drawGraph(found, labels), table(asRows, names)].filter(Boolean), downloads(["Turtle", "text/turtle"], ["N-Triples", "application/n-triples"]));
}

function downloads(...forms) {
  const line = Object.assign(document.createElement("p"), { className: "actions" });
  for (const [name, type] of forms) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Download ${name}` });
    button.addEventListener("click", async () => {
      const answer = await send(type);
      if (!answer.ok) return failed(await answer.json());
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: `result.${{ Turtle: "ttl", "N-Triples": "nt" }[name] ?? name.toLowerCase()}` });
      link.click();
      URL.revokeObjectURL(link.href);
    });
    line.append(button);
  }
  return line;
}

document.getElementById("ask").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
for (const link of document.querySelectorAll("button[data-query]")) {
  link.addEventListener("click", () => {
    const wanted = terms.queries.find((own) => own.name === link.dataset.query);
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: wanted.text } });
    ask();
    editor.focus();
  });
}
