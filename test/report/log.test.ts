import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newLog } from '../../src/report/log.ts';
import type { Settings } from '../../src/settings.ts';

class Sink extends Writable {
  text = '';
  readonly isTTY: boolean;
  /** As every terminal answers. */
  readonly getColorDepth = WriteStream.prototype.getColorDepth;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.text += piece.toString();
    done();
  }
  lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

function logTo(sink: Sink, settings: Partial<Settings['log']> = {}) {
  return newLog({ level: 'info', format: 'auto', ...settings }, sink);
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 24, 14, 5) });
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('CI', undefined); // colours again
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe('the log for machines', () => {
  it('is one JSON object a line, with code, fields and the remedy of a known error', () => {
    const sink = new Sink(false);
    logTo(sink)('error', 'topic_missing', 'no topic orders', { stream: 's', topic: 'orders', lane: 2 });
    expect(sink.lines().map((line) => JSON.parse(line))).toEqual([
      {
        level: 'error',
        time: '2026-11-24T14:05:00.000Z',
        stream: 's',
        topic: 'orders',
        lane: 2,
        code: 'topic_missing',
        remedy: expect.stringContaining('Create the topic'),
        retryable: true,
        msg: 'no topic orders',
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const sink = new Sink(false);
    const log = logTo(sink, { level: 'warn' });
    log('info', 'x', 'not this');
    log('warn', 'x', 'but this');
    expect(sink.lines().map((line) => JSON.parse(line).msg)).toEqual(['but this']);
  });

  it('masks what looks like a secret, at any depth, and keeps errors readable', () => {
    const sink = new Sink(false);
    const cause = new Error('cannot reach kafka://me:hunter2@broker:9092');
    logTo(sink)('info', 'x', 'm', {
      password: 'hunter2',
      kafka: { sasl: { saslPassword: 'hunter2', username: 'me' }, list: [{ apiKey: 'hunter2' }] },
      error: new Error('outer', { cause }),
      offset: 12345678901234567890n,
    });
    expect(sink.text).not.toContain('hunter2');
    expect(JSON.parse(sink.text)).toMatchObject({
      password: '***',
      kafka: { sasl: { saslPassword: '***', username: 'me' }, list: [{ apiKey: '***' }] },
      error: { message: 'outer', cause: { message: 'cannot reach kafka://***@broker:9092' } },
      offset: '12345678901234567890',
    });
  });

  it('survives fields that contain themselves', () => {
    const sink = new Sink(false);
    const loop: { self?: unknown } = {};
    loop.self = loop;
    logTo(sink)('info', 'x', 'm', { loop });
    expect(JSON.parse(sink.text).msg).toBe('m');
  });
});

describe('a repeated warning', () => {
  it('is written once, then once a minute with its count, while it comes again', () => {
    const sink = new Sink(false);
    const log = logTo(sink);
    const counts = () => sink.lines().map((line) => JSON.parse(line).repeated);
    for (let time = 0; time < 5; time += 1) log('warn', 'broker_unavailable', 'no broker', { topic: 't' });
    expect(counts()).toEqual([undefined]);
    vi.advanceTimersByTime(60_000);
    expect(counts()).toEqual([undefined, 4]);
    vi.advanceTimersByTime(60_000);
    log('warn', 'broker_unavailable', 'no broker', { topic: 't' });
    expect(counts()).toEqual([undefined, 4, undefined]);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('hides no other stream, topic or code, and no information', () => {
    const sink = new Sink(false);
    const log = logTo(sink);
    log('warn', 'a', 'm', { stream: 's', topic: 't' });
    log('warn', 'a', 'm', { stream: 's', topic: 'u' });
    log('warn', 'a', 'm', { stream: 'r', topic: 't' });
    log('warn', 'b', 'm', { stream: 's', topic: 't' });
    log('info', 'c', 'm');
    log('info', 'c', 'm');
    expect(sink.lines()).toHaveLength(6);
  });
});

describe('the log for people', () => {
  it('is one line with the remedy behind it', () => {
    const sink = new Sink(false);
    const log = logTo(sink, { format: 'pretty' });
    log('info', 'ready', 'all lanes are ready', { lanes: 2, topic: 'two words' });
    log('error', 'port_busy', 'cannot listen');
    expect(sink.lines()).toEqual([
      '14:05:00 INFO  ready  all lanes are ready  lanes=2  topic="two words"',
      '14:05:00 ERROR port_busy  cannot listen  fix: Choose another address with --listen HOST:PORT (port 0 = any).',
    ]);
  });

  it('cannot be forged by what it tells of', () => {
    const sink = new Sink(false);
    logTo(sink, { format: 'pretty' })('info', 'x', 'a\n14:05:00 INFO  fine', { topic: '\x1b[2J' });
    expect(sink.lines()).toHaveLength(1);
    expect(sink.text).not.toContain('\x1b');
  });

  it('is chosen on a terminal, in colours unless NO_COLOR says no', () => {
    vi.stubEnv('TERM', 'xterm-256color');
    const coloured = new Sink(true);
    logTo(coloured)('warn', 'x', 'm');
    expect(coloured.text).toContain('\x1b[33mWARN');
    vi.stubEnv('NO_COLOR', '1');
    const plain = new Sink(true);
    logTo(plain)('warn', 'x', 'm');
    expect(plain.text).toBe('14:05:00 WARN  x  m\n');
  });
});
