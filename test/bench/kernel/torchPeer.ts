// PyTorch as a peer: any Python that has it, one thread, processor time.

import { fileURLToPath } from 'node:url';
import type { Network } from '../../../src/kernel/network.ts';
import { type Child, newChild } from './child.ts';
import type { Peer } from './peer.ts';

/** Models that train side by side in one call. */
const TOGETHER = { quick: [64], full: [64, 512] };
/** Enough of them to be compared: how many there are changes nothing for one of them. */
const TOGETHER_COMPARED = 2;

/** The child and its version, or the reason why there is none. */
export async function openTorch(folder: string): Promise<{ child: Child; version: string } | string> {
  const script = fileURLToPath(new URL('../peers/torch_bench.py', import.meta.url));
  for (const python of ['python3', '/usr/bin/python3']) {
    const child = newChild(python, [script, folder]);
    try {
      return { child, version: await child.ask('version') };
    } catch {
      child.close();
    }
  }
  return 'neither python3 nor /usr/bin/python3 can import torch';
}

/** `folder` of the child must hold the networks' numbers. */
export function torchPeers(child: Child, networks: readonly Network[], quick: boolean): Peer[] {
  return networks.flatMap((network) => [
    peerOf(child, network, 1),
    ...TOGETHER[quick ? 'quick' : 'full'].map((models) => peerOf(child, network, models)),
  ]);
}

function peerOf(child: Child, network: Network, models: number): Peer {
  const { cell } = network.shape;
  const ask = (task: string, count: number, together = models): Promise<string> =>
    child.ask(`${task} ${cell} ${network.H} ${together} ${count}`);
  return {
    name: models === 1 ? 'torch' : 'torchBatched',
    variant: models === 1 ? '' : String(models),
    network,
    models,
    every: models > 64 ? 160 : 8,
    // The library's GRU has another reset gate: it cannot agree.
    agrees: models > 1 || cell === 'lstm',
    train: async (count) => Number(await ask('train', count)),
    step: models === 1 ? async (count) => Number(await ask('step', count)) : undefined,
    async gradientAfter(updates) {
      const answer = await ask('gradient', updates, Math.min(models, TOGETHER_COMPARED));
      const [loss = Number.NaN, ...gradient] = answer.split(' ').map(Number);
      return { loss, gradient };
    },
  };
}
