// Bundles the editor and collects the licences of what goes into it: `npm ci && npm run build` in this folder.
import { build } from "esbuild";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "reasoner", "web", "static");

const made = await build({
  entryPoints: [join(here, "src", "sparql.js")],
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  outfile: join(target, "sparql.js"),
});

const packages = new Set();
for (const input of Object.keys(made.metafile.inputs)) {
  const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
const parts = [];
for (const name of [...packages].sort()) {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((own) => /^licen[cs]e/i.test(own));
  if (!file) throw new Error(`${name} has no licence file`);
  parts.push(`${name} ${version} (${license})\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`);
}
await writeFile(join(target, "LICENSES.txt"), `Bundled into sparql.js:\n\n${parts.join("\n" + "-".repeat(72) + "\n\n")}`);
