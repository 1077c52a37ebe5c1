// What the models of all streams may take.

import { layoutOf } from '../kernel/layout.ts';
import { hasPrior, shapeOf } from '../kernel/shape.ts';
import type { Settings } from '../settings.ts';

interface StreamMemory {
  readonly stream: string;
  readonly partitions: number;
  /** Per partition: one for each series, whatever its fields. */
  readonly slabs: number;
  readonly slabBytes: number;
  readonly bytes: number;
}

export interface MemoryNeeded {
  readonly bytes: number;
  readonly perStream: readonly StreamMemory[];
}

/**
 * The most that all slabs can take when every partition holds `limits.series` series, and what they have learned
 * together. `partitionsOf` tells how many partitions a topic, or all topics of a prefix with `*`, has.
 */
export function memoryNeeded(
  settings: Pick<Settings, 'streams'>,
  partitionsOf: (topic: string) => number,
): MemoryNeeded {
  const perStream = settings.streams.map((stream) => {
    const partitions = stream.topics.reduce((sum, topic) => sum + partitionsOf(topic), 0);
    const slabs = stream.limits.series;
    const fields = stream.decode.fields.length;
    const { slabBytes } = layoutOf(shapeOf(stream.model, stream.window.openWindows, fields));
    const prior = hasPrior(stream.model, stream.decode.labels.length) ? 1 : 0;
    const bytes = partitions * (slabs + prior) * slabBytes;
    return { stream: stream.name, partitions, slabs, slabBytes, bytes };
  });
  return { bytes: perStream.reduce((sum, { bytes }) => sum + bytes, 0), perStream };
}
