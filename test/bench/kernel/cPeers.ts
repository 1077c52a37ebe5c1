// The peers in C, built by gcc for each network: once for vectors of 128 bits, which is what WebAssembly has, and once
// for the widest that the processor has.

import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Network } from '../../../src/kernel/network.ts';
import { type Child, newChild } from './child.ts';
import type { Peer } from './peer.ts';
import { passageOf } from './workload.ts';

const FLAGS = ['-O3', '-march=native', '-std=gnu11'];

/** Throws where there is no gcc. */
export function gccVersion(): string {
  return execFileSync('gcc', ['-dumpfullversion'], { encoding: 'utf8' }).trim();
}

/** Floats in the widest vector that this processor has. */
function nativeWidth(): number {
  const macros = execFileSync('gcc', [...FLAGS, '-dM', '-E', '-x', 'c', '/dev/null'], { encoding: 'utf8' });
  return /__AVX512F__/.test(macros) ? 16 : /__AVX__/.test(macros) ? 8 : 4;
}

/** Writes the numbers of plain networks to where the peers look for them. */
export function writePassages(networks: readonly Network[], folder: string): void {
  for (const network of networks) {
    const { weights, state, inputs, targets } = passageOf(network);
    const parts = [weights, state, inputs, targets].map((part) => Buffer.from(part.buffer));
    writeFileSync(fileOf(network, folder), Buffer.concat(parts));
  }
}

/** `folder` holds the networks' numbers, and takes the programs. Throws where there is no gcc. */
export async function buildCPeers(
  networks: readonly Network[],
  folder: string,
): Promise<{ peers: Peer[]; close: () => void }> {
  const native = nativeWidth();
  const children: Child[] = [];
  const peers: Peer[] = [];
  for (const network of networks) {
    const width = Math.min(native, network.H % 16 === 0 ? 16 : network.H % 8 === 0 ? 8 : 4);
    const builds = [['c128', 4] as const, ...(width > 4 ? [['cnative', width] as const] : [])];
    const programs = await Promise.all(builds.map(([name, floats]) => build(name, network, floats, folder)));
    for (const [i, program] of programs.entries()) {
      const child = newChild(program, [fileOf(network, folder)]);
      children.push(child);
      peers.push(peerOf(child, builds[i]?.[0] ?? '', network));
    }
  }
  const close = (): void => {
    for (const child of children) child.close();
  };
  return { peers, close };
}

/** Path of the program. */
async function build(name: string, network: Network, width: number, folder: string): Promise<string> {
  const { cell } = network.shape;
  const source = fileURLToPath(new URL(`../peers/${cell}.c`, import.meta.url));
  const program = join(folder, `${name}-${cell}-${network.H}`);
  const sizes = [`-DHIDDEN=${network.H}`, `-DSTEPS=${network.L}`, `-DWIDTH=${width}`];
  const narrow = width === 4 && process.arch === 'x64' ? ['-mprefer-vector-width=128'] : [];
  await promisify(execFile)('gcc', [...FLAGS, ...narrow, ...sizes, '-o', program, source, '-lm']);
  return program;
}

/** What ../peers/peer.h answers. */
function peerOf(child: Child, name: string, network: Network): Peer {
  return {
    name,
    variant: '',
    network,
    models: 1,
    every: 1,
    agrees: true,
    train: async (count) => Number(await child.ask(`train ${count}`)),
    step: async (count) => Number(await child.ask(`step ${count}`)),
    async gradientAfter(updates) {
      const [loss = Number.NaN, ...gradient] = (await child.ask(`gradient ${updates}`)).split(' ').map(Number);
      return { loss, gradient };
    },
  };
}

function fileOf(network: Network, folder: string): string {
  return join(folder, `${network.shape.cell}-${network.H}.f32`);
}
