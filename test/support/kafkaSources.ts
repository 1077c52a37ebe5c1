// Sources that a test opens and need not close.

import { afterEach } from 'vitest';
import type { RecordSource } from '../../src/ports.ts';
import { newKafkaSource } from '../../src/source/kafka.ts';
import type { KafkaSourceOptions, KafkaState } from '../../src/source/kafkaState.ts';
import { kafkaSettings, keepingLog, realClock } from './kafkaTools.ts';

export interface OpenedSource {
  readonly source: RecordSource;
  /** Every state that it told. */
  readonly states: readonly KafkaState[];
  readonly lines: readonly string[];
}

export type OpenSource = (
  brokers: string,
  topics: readonly string[],
  group: string,
  more?: Partial<KafkaSourceOptions>,
) => OpenedSource;

/** Opens sources with the short times of tests; they are stopped after each test. Call it inside `describe`. */
export function sourceOpener(): OpenSource {
  const opened: RecordSource[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source.stop()));
  });
  return (brokers, topics, group, more = {}) => {
    const states: KafkaState[] = [];
    const { log, lines } = keepingLog();
    const source = newKafkaSource({
      settings: kafkaSettings(brokers, group),
      topics,
      lane: 0,
      log,
      clock: realClock,
      onState: (state) => states.push(state),
      ...more,
      timing: { sessionMs: 1_500, missingEveryMs: 200, ...more.timing },
    });
    opened.push(source);
    return { source, states, lines };
  };
}

/** `0`, `1`, … */
export function numbers(count: number, from = 0): string[] {
  return range(from, from + count).map(String);
}

/** The whole numbers from `from` to below `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
