// TensorFlow.js as a peer: one model with a batch of one. Arguments: the folder that it is installed in, the backend.
// Answers as torch_bench.py, without `gradient` and MODELS.

import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

const [, , home, backend] = process.argv;
const require = createRequire(`${home}/package.json`);
// Its advice on faster backends would be taken for an answer.
console.log = console.warn = console.info = () => {};
const tf = require('@tensorflow/tfjs');
if (backend === 'wasm') {
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${home}/node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
}
await tf.setBackend(backend);
await tf.ready();

const STEPS = 32;
const made = new Map();

function make(cell, hidden) {
  const model = (steps, returnSequences, stateful) => {
    const options = { units: hidden, returnSequences, stateful, batchInputShape: [1, steps, 1] };
    const layer = cell === 'gru' ? tf.layers.gru(options) : tf.layers.lstm(options);
    return tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
  };
  const learner = model(STEPS, true, false);
  learner.compile({ optimizer: tf.train.adam(1e-4), loss: 'meanSquaredError' });
  const wave = Array.from({ length: STEPS + 1 }, (_, t) => Math.sin(0.3 * t));
  const inputs = tf.tensor3d(wave.slice(0, STEPS), [1, STEPS, 1]);
  const targets = tf.tensor3d(wave.slice(1), [1, STEPS, 1]);
  const input = tf.tensor3d([0.5], [1, 1, 1]);
  const stepper = model(1, false, true);
  return {
    train: () => learner.trainOnBatch(inputs, targets),
    step: () => tf.tidy(() => stepper.predict(input).dataSync()),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [task, cell, hidden, count] = line.split(' ');
  if (task === 'version') {
    process.stdout.write(`tfjs ${tf.version.tfjs} (${tf.getBackend()})\n`);
    continue;
  }
  const key = `${cell} ${hidden}`;
  if (!made.has(key)) made.set(key, make(cell, Number(hidden)));
  const work = made.get(key)[task];
  const from = performance.now();
  for (let i = 0; i < Number(count); i++) await work();
  process.stdout.write(`${1000 * (performance.now() - from)}\n`);
}
