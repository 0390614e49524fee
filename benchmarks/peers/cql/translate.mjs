// Translates offloading.cql to ELM. Needed only after a change of the CQL:
//   npm install @cqframework/cql@5.3.0 cql-exec-fhir@2.2.0 && node translate.mjs FOLDER_OF_NODE_MODULES
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = process.argv[2] ?? "node_modules";
const load = (name) => import(pathToFileURL(join(modules, "@cqframework/cql", name)));
const [translator, cql] = [await load("cql-to-elm.mjs"), await load("cql.mjs")];
const fhir = readFileSync(join(modules, "cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml"), "utf8");

const models = new translator.ModelManager();
models.modelInfoLoader.registerModelInfoProvider(new cql.SystemModelInfoProvider());
models.modelInfoLoader.registerModelInfoProvider(
  translator.createModelInfoProvider((name) => (name === "FHIR" ? translator.stringAsSource(fhir) : null)),
);
// Without annotations, locators and local ids, which the engine would record results by.
const libraries = new translator.LibraryManager(models, new translator.CqlCompilerOptions());
const result = translator.CqlTranslator.fromText(readFileSync(join(here, "offloading.cql"), "utf8"), libraries);
const errors = [...(result.errors.asJsReadonlyArrayView?.() ?? result.errors)];
for (const error of errors) {
  console.error(`${error.locator?.startLine}:${error.locator?.startChar} ${error.message}`);
}
if (errors.length) process.exit(1);
const elm = JSON.parse(result.toJson());
const bare = (key, value) => (["annotation", "locator", "localId"].includes(key) ? undefined : value);
const lines = elm.library.statements.def.map((one) => JSON.stringify(one, bare));
elm.library.statements.def = [];
const text = JSON.stringify(elm, bare).replace('"statements":{"def":[]}', () => `"statements":{"def":[\n${lines.join(",\n")}\n]}`);
writeFileSync(join(here, "offloading.elm.json"), text + "\n");
