// What an endpoint sends, as rows of terms: { type, value, datatype?, language? }.

export function rows(json) {
  if (json.boolean !== undefined) return { boolean: json.boolean, names: [], rows: [] };
  const names = json.head.vars;
  return {
    names,
    rows: json.results.bindings.map((binding) => Object.fromEntries(names.map((name) => {
      const own = binding[name];
      return [name, own && { type: own.type, value: own.value, datatype: own.datatype, language: own["xml:lang"] }];
    }))),
  };
}

const TERM = /<([^>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?/g;
const ESCAPES = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };

function plain(text) {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, short, long, one) =>
    short || long ? String.fromCodePoint(parseInt(short ?? long, 16)) : ESCAPES[one] ?? one);
}

export function triples(text) {
  return text.split("\n").filter((line) => line.trim()).map((line) => {
    const [subject, predicate, object] = [...line.matchAll(TERM)].map(([, iri, blank, literal, language, datatype]) =>
      iri !== undefined ? { type: "uri", value: plain(iri) }
        : blank ? { type: "bnode", value: blank }
          : { type: "literal", value: plain(literal), language, datatype });
    return { subject, predicate, object };
  });
}

export function labelled(term, labels) {
  if (!term) return "";
  if (term.type !== "uri") return term.value;
  return labels.get(term.value) ?? term.value.replace(/^.*[/#](?=[^/#]+$)/, "");
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
export const isNumber = (term) => term?.type === "literal" && !term.language && NUMBER.test(term.value);
