// JSONata evaluations a second: the `jsonata` npm package and Escapement's evaluator on the same cases, in one run.
//
//   npm ci && node jsonata_vs_reference.mjs [--cases DIR] [--bench build/src/query/jsonata/query_jsonata_bench]
//
// The cases are those of the reference suite that evaluate to a result (DIR holds `groups` and `datasets`). Each is
// compiled once; what is timed is evaluation alone. Prints one JSON line. Without --bench only the package is measured.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import jsonata from 'jsonata';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: path.join(process.env.ESC_CONFORMANCE_DIR ?? path.join(root, '../shared/conformance'), 'jsonata') },
    bench: { type: 'string' },
    seconds: { type: 'string', default: '3' },
  },
});

const readJson = (...parts) => JSON.parse(readFileSync(path.join(options.cases, ...parts), 'utf8'));
const datasets = new Map(readdirSync(path.join(options.cases, 'datasets')).map((name) => [path.parse(name).name, readJson('datasets', name)]));

function load() {
  const cases = [];
  for (const group of readdirSync(path.join(options.cases, 'groups'))) {
    for (const test of readJson('groups', group)) {
      if (!('result' in test) || 'timelimit' in test) continue;
      try {
        const input = test.dataset ? datasets.get(test.dataset) : test.data;
        cases.push({ expression: jsonata(test.expr), input, bindings: test.bindings ?? {} });
      } catch {
        // A case that the installed version does not parse is in neither figure.
      }
    }
  }
  return cases;
}

async function evaluateAll(cases) {
  for (const { expression, input, bindings } of cases) await expression.evaluate(input, bindings);
}

async function measureReference(cases, seconds) {
  await evaluateAll(cases); // warm
  let rounds = 0;
  const begin = performance.now();
  do {
    await evaluateAll(cases);
    rounds += 1;
  } while (performance.now() - begin < seconds * 1000);
  return (rounds * cases.length * 1000) / (performance.now() - begin);
}

function measureOurs(program, seconds) {
  const filter = '--benchmark_filter=jsonata/evaluate_suite';
  const done = spawnSync(program, [filter, '--benchmark_format=json', `--benchmark_min_time=${seconds}`], {
    encoding: 'utf8',
    env: { ...process.env, ESC_CONFORMANCE_DIR: path.dirname(options.cases) },
  });
  if (done.status !== 0) throw new Error(done.stderr || `${program} ended with ${done.status}`);
  return JSON.parse(done.stdout).benchmarks[0].items_per_second;
}

const cases = load();
const seconds = Number(options.seconds);
const figures = { scenario: 'jsonata', cases: cases.length, reference_per_s: Math.round(await measureReference(cases, seconds)) };
if (options.bench) {
  figures.ours_per_s = Math.round(measureOurs(options.bench, seconds));
  figures.ratio = Number((figures.ours_per_s / figures.reference_per_s).toFixed(1));
}
console.log(JSON.stringify(figures));
