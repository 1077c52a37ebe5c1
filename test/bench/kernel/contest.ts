// The contest: who takes part, whether they compute the same, and their turns.

import { newLaneMemory } from '../../../src/kernel/memory.ts';
import type { Network, NeuralCell } from '../../../src/kernel/network.ts';
import { type Agreeing, type Agreement, compare } from './agreement.ts';
import { firstLine } from './child.ts';
import { type Contestant, type Effort, type Times, takeTurns } from './contestant.ts';
import { buildCPeers, gccVersion, writePassages } from './cPeers.ts';
import { openNodePeers } from './nodePeers.ts';
import { BACKENDS, type Backend, newSeat } from './ours.ts';
import type { Peer } from './peer.ts';
import { shapeContestants } from './shapes.ts';
import { openTorch, torchPeers } from './torchPeer.ts';
import { plain } from './workload.ts';

export interface Options {
  readonly quick: boolean;
  /** TensorFlow.js and brain.js take part. */
  readonly peers: boolean;
  /** Exists, and takes programs and numbers. */
  readonly folder: string;
  readonly progress: (text: string) => void;
}

export interface Contest {
  readonly agreement: readonly Agreement[];
  readonly networks: readonly Network[];
  /** By place. */
  readonly times: ReadonlyMap<string, Times>;
  /** Who takes part, with versions where there are any. */
  readonly versions: readonly string[];
  /** Who does not, and why. */
  readonly leftOut: readonly string[];
  /** Ours that can run here, the best first. */
  readonly backends: readonly Backend[];
}

const CELLS: readonly NeuralCell[] = ['gru', 'lstm'];
const HIDDEN = { quick: [16, 32], full: [8, 16, 32, 64] };
const EFFORT: Readonly<Record<'quick' | 'full', Effort>> = {
  quick: { rounds: 64, burst: 1500, warmUp: 40_000 },
  full: { rounds: 320, burst: 1500, warmUp: 120_000 },
};

export async function runContest(options: Options): Promise<Contest> {
  const size = options.quick ? 'quick' : 'full';
  const networks = CELLS.flatMap((cell) => HIDDEN[size].map((hidden) => plain(cell, hidden)));
  const { backends, refused } = openBackends();
  const others = await openPeers(networks, options);
  try {
    const agreement: Agreement[] = [];
    const contestants: Contestant[] = [];
    for (const network of networks) {
      options.progress(`compare ${network.shape.cell} ${network.H}`);
      const here = others.peers.filter((peer) => peer.network === network);
      const met = await meet(network, backends, here);
      agreement.push(...met.agreement);
      contestants.push(...met.contestants);
    }
    for (const backend of backends) contestants.push(...shapeContestants(backend, options.quick));
    const times = await takeTurns(contestants, EFFORT[size], options.progress);
    const leftOut = [...refused, ...others.leftOut];
    return { agreement, networks, times, versions: others.versions, leftOut, backends };
  } finally {
    for (const close of others.close) close();
  }
}

/** All contestants of a network that compute what our first backend computes. */
async function meet(
  network: Network,
  backends: readonly Backend[],
  peers: readonly Peer[],
): Promise<{ agreement: Agreement[]; contestants: Contestant[] }> {
  const { cell } = network.shape;
  const agreement: Agreement[] = [];
  const contestants: Contestant[] = [];
  const place = (task: string, name: string): string => `${task}/${cell}/${network.H}/${name}`;
  let first: (Agreeing & { readonly name: string }) | undefined;
  const agrees = async (name: string, candidate: Agreeing): Promise<boolean> => {
    if (first === undefined) return true;
    const found = await compare(first, candidate, { of: `${name} ${cell} ${network.H}`, with: first.name });
    agreement.push(...found);
    return found.every(({ holds }) => holds);
  };
  for (const backend of backends) {
    const seat = newSeat(backend, network);
    if (!(await agrees(backend.name, seat))) continue;
    first ??= { ...seat, name: backend.name };
    contestants.push(
      { place: place('train', backend.name), run: seat.train, models: 1, every: 1 },
      { place: place('infer', backend.name), run: seat.step, models: 1, every: 1 },
      { place: place('inferSingle', backend.name), run: (count) => seat.step(count, 1), models: 1, every: 4 },
    );
  }
  for (const peer of peers) {
    const { name, variant, models, every, train, step } = peer;
    const full = variant === '' ? name : `${name}:${variant}`;
    if (peer.agrees && !(await agrees(full, peer))) continue;
    contestants.push({ place: place('train', full), run: train, models, every });
    if (step !== undefined) contestants.push({ place: place('infer', full), run: step, models, every });
  }
  return { agreement, contestants };
}

function openBackends(): { backends: Backend[]; refused: string[] } {
  const backends: Backend[] = [];
  const refused: string[] = [];
  for (const backend of BACKENDS) {
    try {
      backend.open(newLaneMemory()).room(plain('gru', 4));
      backends.push(backend);
    } catch (error) {
      refused.push(`${backend.name}: ${firstLine(error)}`);
    }
  }
  return { backends, refused };
}

interface Others {
  readonly peers: Peer[];
  readonly versions: string[];
  readonly leftOut: string[];
  readonly close: (() => void)[];
}

async function openPeers(networks: readonly Network[], { quick, peers, folder, progress }: Options): Promise<Others> {
  const others: Others = { peers: [], versions: [], leftOut: [], close: [] };
  writePassages(networks, folder);
  progress('build the peers in C');
  try {
    const built = await buildCPeers(networks, folder);
    others.peers.push(...built.peers);
    others.close.push(built.close);
    others.versions.push(`gcc ${gccVersion()}`);
  } catch (error) {
    others.leftOut.push(`c128, cnative: ${firstLine(error)}`);
  }
  const torch = await openTorch(folder);
  if (typeof torch === 'string') others.leftOut.push(`torch, torchBatched: ${torch}`);
  else {
    others.peers.push(...torchPeers(torch.child, networks, quick));
    others.close.push(torch.child.close);
    others.versions.push(`torch ${torch.version}`);
  }
  if (!peers) others.leftOut.push('tfjs, brain: not asked for, add --peers');
  else {
    const opened = await openNodePeers(networks, folder, progress);
    others.peers.push(...opened.peers);
    others.versions.push(...opened.versions);
    others.leftOut.push(...opened.leftOut);
    others.close.push(opened.close);
  }
  return others;
}
