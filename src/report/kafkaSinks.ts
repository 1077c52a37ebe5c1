// Anomaly events and dead letters to Kafka: queued at once, sent in order and in batches, retried as long as it takes.

import type { Kafka, Message, Producer } from 'kafkajs';
import type { AnomalyEvent } from '../domain.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { Clock, EventSink, Log, RejectSink } from '../ports.ts';
import {
  authTypeIn,
  backOffMs,
  kafkaErrorCode,
  kafkaErrorText,
  newOnceAMinute,
  runRetry,
} from '../source/kafkaClient.ts';
import { keyPartitioner } from '../source/kafkaPartitioner.ts';
import { deadLetters } from './deadLetters.ts';

export interface KafkaSinkOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** What is queued but not acknowledged. The owner of the sink flushes before it grows beyond PENDING_BYTES_MAX. */
interface Pending {
  readonly pendingBytes: number;
  /** Why nothing goes out just now; undefined when nothing is known against it. */
  readonly trouble: SinkTrouble | undefined;
}

interface SinkTrouble {
  readonly code: ErrorCode;
  readonly text: string;
}

export const PENDING_BYTES_MAX = 16 << 20;

/** Below the brokers' default limit for a batch, 1,048,588 bytes. */
const BATCH_BYTES_MAX = 900_000;
const BATCH_MESSAGES_MAX = 1_000;
const REJECTS_A_SECOND_MAX = 1_000;
const STOP_MS = 5_000;
const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_TIMESTAMP']);

/**
 * Events as JSON, keyed by series, with the window's end as timestamp; the time of sending where the brokers refuse
 * that, as they do by default for one that lies more than an hour ahead of their clock.
 */
export function newKafkaEventSink(options: KafkaSinkOptions): EventSink & Pending {
  const queue = new SendQueue(options);
  return {
    publish(event: AnomalyEvent, key: string, timestampMs: number): void {
      const value = Buffer.from(JSON.stringify(event));
      const message = { key: Buffer.from(key), value };
      queue.push([{ ...message, timestamp: String(Math.trunc(timestampMs)) }, message]);
    },
    flush: () => queue.flush(),
    stop: () => queue.stop(),
    get pendingBytes() {
      return queue.pendingBytes;
    },
    get trouble() {
      return queue.trouble;
    },
  };
}

/**
 * Rejected records whole, with headers that tell why. One that the topic does not take for its size is sent without its
 * value and with `x-truncated: true`. At most 1000 a second are kept; `suppressed` counts the others.
 */
export function newKafkaRejectSink(options: KafkaSinkOptions): RejectSink & Pending & { readonly suppressed: number } {
  const queue = new SendQueue(options);
  let second = 0;
  let keptInSecond = 0;
  let suppressed = 0;
  return {
    reject(from, record, reason, detail): void {
      const now = Math.floor(options.clock.monotonic() / 1000);
      if (now !== second) keptInSecond = 0;
      second = now;
      if (keptInSecond >= REJECTS_A_SECOND_MAX) {
        suppressed++;
        return;
      }
      keptInSecond++;
      queue.push(deadLetters(from, record, reason, detail, options.clock.now()));
    },
    flush: () => queue.flush(),
    stop: () => queue.stop(),
    get pendingBytes() {
      return queue.pendingBytes;
    },
    get trouble() {
      return queue.trouble;
    },
    get suppressed() {
      return suppressed;
    },
  };
}

interface Queued {
  /** Forms of one message, each easier to accept than the one before; the first is sent until it is refused. */
  forms: readonly Message[];
  readonly bytes: number;
}

/** One producer, one request at a time: what was pushed first is acknowledged first. */
class SendQueue {
  readonly #options: KafkaSinkOptions;
  readonly #producer: Producer;
  readonly #mayLog: ReturnType<typeof newOnceAMinute>;
  #queue: Queued[] = [];
  #pendingBytes = 0;
  #pushed = 0;
  #acknowledged = 0;
  /** Messages at the head that are sent one by one, to find the one that is refused. */
  #alone = 0;
  #connected = false;
  #trouble: SinkTrouble | undefined;
  #stopped = false;
  #sending: Promise<void> | undefined;
  #endPause: () => void = () => {};
  #waiting: { readonly upTo: number; resolve(): void; reject(error: Error): void }[] = [];

  constructor(options: KafkaSinkOptions) {
    this.#options = options;
    this.#mayLog = newOnceAMinute(options.clock);
    this.#producer = options.kafka.producer({
      createPartitioner: keyPartitioner,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      retry: runRetry,
    });
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get trouble(): SinkTrouble | undefined {
    return this.#trouble;
  }

  push(forms: readonly Message[]): void {
    if (this.#stopped) return;
    const [message] = forms;
    const bytes = message === undefined ? 0 : byteLength(message);
    this.#queue.push({ forms, bytes });
    this.#pendingBytes += bytes;
    this.#pushed++;
    this.#sending ??= this.#send();
  }

  flush(): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopError());
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ upTo: this.#pushed, resolve, reject }));
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#endPause();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#stopError());
    const ended = Promise.resolve(this.#sending).then(() => this.#producer.disconnect());
    await Promise.race([ended.catch(() => {}), this.#pause(STOP_MS)]);
    this.#endPause();
  }

  async #send(): Promise<void> {
    // The records of a whole slice come in one turn: begin when they are all here.
    await Promise.resolve();
    let failures = 0;
    while (this.#queue.length > 0 && !this.#stopped) {
      const batch = this.#nextBatch();
      try {
        await this.#sendBatch(batch);
        this.#acknowledge(batch);
        failures = 0;
      } catch (error) {
        if (isRefused(error) && this.#tryOtherForm(batch)) continue;
        this.#tell(error);
        await this.#pause(backOffMs(failures++));
      }
    }
    this.#sending = undefined;
  }

  #nextBatch(): readonly Queued[] {
    if (this.#alone > 0) return this.#queue.slice(0, 1);
    let count = 0;
    let bytes = 0;
    for (const queued of this.#queue) {
      bytes += queued.bytes;
      if (count > 0 && (bytes > BATCH_BYTES_MAX || count >= BATCH_MESSAGES_MAX)) break;
      count++;
    }
    return this.#queue.slice(0, count);
  }

  async #sendBatch(batch: readonly Queued[]): Promise<void> {
    if (!this.#connected) await this.#producer.connect();
    this.#connected = true;
    const messages = batch.flatMap(({ forms }) => forms.slice(0, 1));
    await this.#producer.send({ topic: this.#options.topic, acks: -1, messages });
  }

  #acknowledge(batch: readonly Queued[]): void {
    this.#trouble = undefined;
    this.#queue = this.#queue.slice(batch.length);
    this.#acknowledged += batch.length;
    this.#alone = Math.max(0, this.#alone - batch.length);
    for (const { bytes } of batch) this.#pendingBytes -= bytes;
    while (this.#waiting[0] !== undefined && this.#waiting[0].upTo <= this.#acknowledged) {
      this.#waiting.shift()?.resolve();
    }
  }

  /** False when nothing is left to try. */
  #tryOtherForm(batch: readonly Queued[]): boolean {
    const [first] = batch;
    if (batch.length > 1) {
      this.#alone = batch.length;
      return true;
    }
    if (first === undefined || first.forms.length < 2) return false;
    first.forms = first.forms.slice(1);
    return true;
  }

  #tell(error: unknown): void {
    const { topic, log } = this.#options;
    const code = kafkaErrorCode(error);
    const lacks = authTypeIn(error) === 'TOPIC_AUTHORIZATION_FAILED' ? `this user lacks WRITE on topic ${topic}: ` : '';
    const why = `${lacks}${kafkaErrorText(error)}`;
    this.#trouble = { code, text: `topic ${topic} takes nothing: ${why}` };
    const turn = this.#mayLog(code);
    if (turn === undefined) return;
    const text = `sending to ${topic} failed and is tried again: ${why}. ${ERRORS[code].remedy}`;
    log('warn', code, text, { topic, waiting: this.#queue.length, repeated: turn.held });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #stopError(): Error {
    return new Error(`the sink of ${this.#options.topic} was stopped`);
  }
}

function byteLength({ key, value, headers = {} }: Message): number {
  const lists = Object.entries(headers)
    .flatMap(([name, header]) => [name, header ?? ''])
    .flat();
  return [key ?? '', value ?? '', ...lists].reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}

/** True when the brokers would refuse the same message for ever. */
function isRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type } = cause as { readonly type?: unknown };
    if (refusals.has(String(type))) return true;
  }
  return false;
}
