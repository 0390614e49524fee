// Runs the ELM over Bundles, one a line, one patient each: node run.cjs NODE_MODULES BUNDLES ROUNDS
// Prints the CPU seconds and wall seconds of each round, without the start of node and of the engine, and the answers.
const { readFileSync } = require("node:fs");
const { join, resolve } = require("node:path");
const [modules, bundles, rounds] = process.argv.slice(2);
const cql = require(resolve(modules, "cql-execution"));
const fhir = require(resolve(modules, "cql-exec-fhir"));

const data = (name) => JSON.parse(readFileSync(join(__dirname, name), "utf8"));
const library = new cql.Library(data("offloading.elm.json"));
const executor = new cql.Executor(library, new cql.CodeService(data("valuesets.json")));
const source = fhir.PatientSource.FHIRv401();

async function round() {
  const answers = [];
  for (const line of readFileSync(bundles, "utf8").split("\n")) {
    if (!line) continue;
    source.loadBundles([JSON.parse(line)]);
    for (const own of Object.values((await executor.exec_expression("Answers", source)).patientResults)) {
      answers.push(...own.Answers);
    }
    source.reset();
  }
  return answers;
}

async function main() {
  const times = [];
  let answers = [];
  for (let i = 0; i < Number(rounds); i++) {
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    answers = await round();
    const used = process.cpuUsage(cpu);
    times.push([(used.user + used.system) / 1e6, (performance.now() - wall) / 1e3]);
  }
  console.log(JSON.stringify({ times, answers }));
}

main();
