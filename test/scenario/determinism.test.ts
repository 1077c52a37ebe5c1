// The whole process is a replay: same configuration and same records give the same bytes of events and state, whatever
// the borders of batches, the size of waves, and the restarts in between.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type LaneMemory, newLaneMemory } from '../../src/kernel/memory.ts';
import { newRandom } from '../../src/kernel/random.ts';
import { dissolveShare, freezeShare, type Share } from '../../src/share.ts';
import { deliver, emptyShare, newOutcome, restarted } from '../support/shares.ts';
import { cut, type Trial, trialOf } from './trials.ts';

interface Way {
  readonly batches: (trial: Trial, seed: number) => readonly Trial['records'][];
  readonly waveRows: number;
  readonly restarts: boolean;
}

const WHOLE: Way = { batches: ({ records }) => [records], waveRows: 256, restarts: false };

const cutInto =
  (count: number): Way['batches'] =>
  (trial, seed) =>
    cut(newRandom(seed ^ 0x5eed), trial.records, count);

const WAYS: Readonly<Record<string, Way>> = {
  'batches cut anywhere': { batches: cutInto(40), waveRows: 256, restarts: false },
  // A row for each of the two fields, and one for both.
  'waves of one series': { batches: cutInto(3), waveRows: 3, restarts: false },
  'waves of seven rows': { batches: cutInto(5), waveRows: 7, restarts: false },
  'restarts between batches': { batches: cutInto(12), waveRows: 256, restarts: true },
};

/** Events, windows and state before and after the end of the input, as text to compare. */
async function told(
  seed: number,
  way: Way,
  memory: LaneMemory,
): Promise<{ text: string; events: number; kinds: Set<string> }> {
  const trial = trialOf(seed);
  const outcome = newOutcome();
  const { waveRows } = way;
  let share = emptyShare(trial.stream, memory);
  for (const batch of way.batches(trial, seed)) {
    await deliver(share, [batch], { waveRows, outcome });
    if (way.restarts) share = restarted(share);
  }
  const before = stateOf(share);
  await deliver(share, [], { waveRows, outcome, flush: true });
  const after = stateOf(share);
  dissolveShare(share);
  const text = [...before, ...after, ...outcome.rejects, ...outcome.windows, ...outcome.events]
    .map((line) => JSON.stringify(line))
    .join('\n');
  return { text, events: outcome.events.length, kinds: new Set(outcome.events.map(({ kind }) => kind)) };
}

function stateOf(share: Share): unknown[] {
  const { block, series, ...rest } = freezeShare(share);
  const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return [rest, new TextDecoder().decode(block), ...series.map(({ key, slab }) => [key, sum(slab)])];
}

describe('same records, same bytes', () => {
  const memory = newLaneMemory();
  let events = 0;
  const kinds = new Set<string>();

  it.each(Array.from({ length: 12 }, (_, i) => i * 10))(
    'with ten seeds from %i on',
    async (from) => {
      for (let seed = from; seed < from + 10; seed++) {
        const whole = await told(seed, WHOLE, memory);
        events += whole.events;
        for (const kind of whole.kinds) kinds.add(kind);
        for (const [name, way] of Object.entries(WAYS)) {
          const { text } = await told(seed, way, memory);
          // Not toBe: the difference of two long texts takes minutes to print.
          if (text !== whole.text) expect.fail(`seed ${seed}, ${name}: ${firstDifference(text, whole.text)}`);
        }
      }
    },
    60_000,
  );

  it('had something to tell', () => {
    expect(events).toBeGreaterThan(1000);
    expect([...kinds].sort()).toEqual(['gap', 'range', 'shift', 'spike']);
  });

  it('tells other seeds apart', async () => {
    const [one, other] = [await told(0, WHOLE, memory), await told(1, WHOLE, memory)];
    expect(one.text).not.toBe(other.text);
  });
});

function firstDifference(actual: string, expected: string): string {
  const [lines, wanted] = [actual.split('\n'), expected.split('\n')];
  const at = lines.findIndex((line, i) => line !== wanted[i]);
  return `line ${at} of ${lines.length}/${wanted.length} is ${lines[at]}, not ${wanted[at]}`;
}
