// Logs of state in memory, as brokers keep them: compaction, appends that are cut off, answers that get lost, requests
// that arrive long after whoever sent them gave up.

import type { PartitionId } from '../../src/domain.ts';
import type { StateLog, StateMessage } from '../../src/ports.ts';

type Kept = StateMessage & { readonly offset: number };

interface Partition {
  records: Kept[];
  end: number;
}

/**
 * What becomes of one append: so many of its messages arrive now, so many of the rest later, and no answer; or all
 * arrive and are answered, and once more later. Undefined = all is well.
 */
type Fault = { readonly now: number; readonly later: number } | 'twice';

export interface FakeLog extends StateLog {
  /** Asked before each append. */
  faults: ((messages: readonly StateMessage[]) => Fault | undefined) | undefined;
  /** Delivers what was on its way. */
  deliverLate(): void;
  /** Removes records below `below` that a later one with the same key replaces; `tombstones` too. */
  compact(partition: PartitionId, below: number, tombstones?: boolean): void;
  records(partition: PartitionId): readonly Kept[];
  /** Damages a record in place. */
  replace(partition: PartitionId, offset: number, value: Uint8Array | null): void;
}

export function newFakeLog(): FakeLog {
  const logs = new Map<string, Partition>();
  const late: (() => void)[] = [];
  const logOf = ({ topic, partition }: PartitionId): Partition => {
    const name = `${topic}/${partition}`;
    const known = logs.get(name) ?? { records: [], end: 0 };
    logs.set(name, known);
    return known;
  };
  const put = (log: Partition, messages: readonly StateMessage[]): void => {
    for (const message of messages) log.records.push({ ...copied(message), offset: log.end++ });
  };
  const fake: FakeLog = {
    faults: undefined,
    async append(partition, messages) {
      await Promise.resolve();
      const log = logOf(partition);
      const fault = fake.faults?.(messages);
      if (fault === undefined || fault === 'twice') {
        const copies = fault === 'twice' ? messages.map(copied) : [];
        if (copies.length > 0) late.push(() => put(log, copies));
        put(log, messages);
        return log.end - 1;
      }
      put(log, messages.slice(0, fault.now));
      const copies = messages.slice(fault.now, fault.now + fault.later).map(copied);
      if (copies.length > 0) late.push(() => put(log, copies));
      throw new Error('no answer');
    },
    async read(partition, from, onRecord) {
      await Promise.resolve();
      const { end, records } = logOf(partition);
      for (const record of [...records]) if (record.offset >= from) onRecord(record);
      return end;
    },
    async stop() {},
    deliverLate() {
      for (const arrive of late.splice(0)) arrive();
    },
    compact(partition, below, tombstones = false) {
      const log = logOf(partition);
      const last = new Map<string, number>();
      for (const { key, offset } of log.records) if (offset < below) last.set(Buffer.from(key).toString('hex'), offset);
      log.records = log.records.filter(({ key, value, offset }) => {
        if (offset >= below) return true;
        return last.get(Buffer.from(key).toString('hex')) === offset && !(tombstones && value === null);
      });
    },
    records: (partition) => logOf(partition).records,
    replace(partition, offset, value) {
      const log = logOf(partition);
      log.records = log.records.map((record) => (record.offset === offset ? { ...record, value } : record));
    },
  };
  return fake;
}

function copied({ key, value, deletedBy }: StateMessage): StateMessage {
  return { key: key.slice(), value: value?.slice() ?? null, deletedBy };
}
