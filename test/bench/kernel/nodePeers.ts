// TensorFlow.js and brain.js as peers. Only this benchmark wants them, so they are installed into a folder outside of
// the repository, and each runs in a process of its own.

import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Network } from '../../../src/kernel/network.ts';
import { type Child, firstLine, newChild } from './child.ts';
import type { Peer } from './peer.ts';

const INSTALL_MS = 120_000;

interface Library {
  readonly name: string;
  /** With exact versions. */
  readonly packages: readonly string[];
  /** Below ../peers/. */
  readonly script: string;
  readonly variants: readonly string[];
  /** Whether it can go one step on. */
  readonly steps: boolean;
  /** Takes part in every so many rounds. */
  readonly every: number;
}

const LIBRARIES: readonly Library[] = [
  {
    name: 'tfjs',
    packages: ['@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0'],
    script: 'tfjs.mjs',
    variants: ['cpu', 'wasm'],
    steps: true,
    every: 80,
  },
  // Later versions want to build a graphics library. It forecasts only by running a whole passage.
  { name: 'brain', packages: ['brain.js@1.6.1'], script: 'brain.mjs', variants: [''], steps: false, every: 8 },
];

interface Opened {
  readonly peers: Peer[];
  readonly versions: string[];
  readonly leftOut: string[];
  readonly close: () => void;
}

export async function openNodePeers(
  networks: readonly Network[],
  folder: string,
  progress: (text: string) => void,
): Promise<Opened> {
  const children: Child[] = [];
  const close = (): void => {
    for (const child of children) child.close();
  };
  const opened: Opened = { peers: [], versions: [], leftOut: [], close };
  for (const library of LIBRARIES) {
    progress(`install ${library.name}`);
    const home = join(folder, library.name);
    try {
      await install(library, home);
      for (const variant of library.variants) {
        const child = newChild(process.execPath, [scriptOf(library), home, variant]);
        children.push(child);
        opened.versions.push(await child.ask('version'));
        for (const network of networks) opened.peers.push(peerOf(child, library, variant, network));
      }
    } catch (error) {
      opened.leftOut.push(`${library.name}: ${firstLine(error)}`);
    }
  }
  return opened;
}

async function install({ packages }: Library, home: string): Promise<void> {
  mkdirSync(home);
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefix', home];
  await promisify(execFile)('npm', ['install', ...options, ...packages], { timeout: INSTALL_MS, cwd: home });
}

function scriptOf({ script }: Library): string {
  return fileURLToPath(new URL(`../peers/${script}`, import.meta.url));
}

/** These libraries have their own cells and losses: they are timed, and can not be compared. */
function peerOf(child: Child, { name, steps, every }: Library, variant: string, network: Network): Peer {
  const ask = async (task: string, count: number): Promise<number> =>
    Number(await child.ask(`${task} ${network.shape.cell} ${network.H} ${count}`));
  return {
    name,
    variant,
    network,
    models: 1,
    every,
    agrees: false,
    train: (count) => ask('train', count),
    step: steps ? (count) => ask('step', count) : undefined,
    gradientAfter: () => Promise.reject(new Error(`${name} tells no gradient`)),
  };
}
