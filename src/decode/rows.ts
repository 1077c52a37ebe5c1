// The decode stage: records of one batch to columns of samples. What cannot be decoded is counted by reason and handed
// on, whole; it changes nothing else.

import type { Counters, Decoder, RecordBatch, RejectReason, SampleRows, SeriesKey, SourceRecord } from '../domain.ts';
import { canonicalKey } from './labels.ts';

export interface DecodeState {
  readonly decoder: Decoder;
  /** Sorted, as in the decoder's samples. */
  readonly labelNames: readonly string[];
  readonly fieldNames: readonly string[];
  readonly counters: Counters;
  readonly rows: SampleRows;
}

export type Reject = (record: SourceRecord, reason: RejectReason | 'non_finite', detail: string) => void;

export function newSampleRows(): SampleRows {
  return {
    count: 0,
    taken: 0,
    keys: [],
    labels: [],
    field: new Int32Array(0),
    timeMs: new Float64Array(0),
    value: new Float64Array(0),
    offset: new Float64Array(0),
  };
}

/** Fills `state.rows` with the samples of all records from offset `from` on. */
export function decodeBatch(state: DecodeState, batch: RecordBatch, from: number, reject: Reject): void {
  const { rows, counters } = state;
  rows.count = 0;
  rows.taken = 0;
  makeRoom(rows, batch.records.length * state.fieldNames.length);
  for (const record of batch.records) {
    if (record.offset < from) continue;
    counters.recordsReceived++;
    const decoded = state.decoder(record);
    switch (decoded.kind) {
      case 'rejected':
        counters.recordsRejected[decoded.reason]++;
        reject(record, decoded.reason, decoded.detail);
        break;
      case 'filtered':
        counters.recordsDecoded++;
        counters.samplesDecoded++;
        counters.samplesDropped.filtered++;
        break;
      case 'samples': {
        counters.recordsDecoded++;
        counters.samplesDecoded += decoded.samples.length;
        let faulty: string | undefined;
        let key: SeriesKey | undefined;
        for (const sample of decoded.samples) {
          const row = rows.count++;
          // The samples of a record are of one series: one text, so that it is hashed once.
          key ??= canonicalKey(state.labelNames, sample.labels);
          rows.keys[row] = key;
          rows.labels[row] = sample.labels;
          rows.field[row] = sample.field;
          rows.timeMs[row] = sample.timeMs;
          rows.value[row] = sample.value;
          rows.offset[row] = record.offset;
          if (!Number.isFinite(sample.value)) faulty ??= state.fieldNames[sample.field];
        }
        // The window stage drops and counts such samples; the whole record is here and nowhere later.
        if (faulty !== undefined) reject(record, 'non_finite', `${faulty}: not a finite number`);
      }
    }
  }
}

function makeRoom(rows: SampleRows, count: number): void {
  if (count <= rows.value.length) return;
  rows.field = new Int32Array(count);
  rows.timeMs = new Float64Array(count);
  rows.value = new Float64Array(count);
  rows.offset = new Float64Array(count);
}
