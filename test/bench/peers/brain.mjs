// brain.js as a peer: its recurrent networks for time series, one series. Argument: the folder that it is installed in.
// Answers as torch_bench.py, but only `version` and `train`, without MODELS.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

const [, , home] = process.argv;
const require = createRequire(`${home}/package.json`);
const brain = require('brain.js');
const { version } = JSON.parse(readFileSync(`${home}/node_modules/brain.js/package.json`, 'utf8'));

const STEPS = 32;
const made = new Map();

function make(cell, hidden) {
  const Net = cell === 'gru' ? brain.recurrent.GRUTimeStep : brain.recurrent.LSTMTimeStep;
  const net = new Net({ inputSize: 1, hiddenLayers: [hidden], outputSize: 1 });
  const wave = Array.from({ length: STEPS + 1 }, (_, t) => 0.5 + 0.4 * Math.sin(0.3 * t));
  net.train([wave], { iterations: 1, log: false });
  const [passage] = net.formatData([wave]);
  return () => net.trainPattern(passage, true);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [task, cell, hidden, count] = line.split(' ');
  if (task === 'version') {
    process.stdout.write(`brain.js ${version}\n`);
    continue;
  }
  const key = `${cell} ${hidden}`;
  if (!made.has(key)) made.set(key, make(cell, Number(hidden)));
  const work = made.get(key);
  const from = performance.now();
  for (let i = 0; i < Number(count); i++) work();
  process.stdout.write(`${1000 * (performance.now() - from)}\n`);
}
