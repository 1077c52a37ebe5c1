// The log: JSON lines for machines, one readable line for people. Repeats are counted instead of repeated, and what
// looks like a secret is masked; the first line of defence is that secrets never get here.

import { styleText } from 'node:util';
import { pino } from 'pino';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { Log, LogLevel } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { type Paint, printable, type Style } from './printable.ts';

type Fields = Readonly<Record<string, unknown>>;
type Write = (level: LogLevel, code: string, message: string, fields: Fields) => void;

/** Where lines go; `process.stderr` in the daemon. */
export type LogTarget = NodeJS.WritableStream & { readonly isTTY?: boolean };

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const REPEAT_MS = 60_000;
/** Distinct warnings that are remembered; beyond, the oldest is written again when it comes again. */
const REPEATS_MAX = 1000;

/** A log as the settings want it. */
export function newLog(settings: Settings['log'], target: LogTarget = process.stderr): Log {
  const pretty = settings.format === 'pretty' || (settings.format === 'auto' && target.isTTY === true);
  const write = pretty ? prettyWriter(target) : jsonWriter(target);
  const quietest = LEVELS.indexOf(settings.level);
  const once = withoutRepeats(write);
  return (level, code, message, fields = {}) => {
    if (LEVELS.indexOf(level) < quietest) return;
    const safe = masked(fields, 0) as Fields;
    if (level === 'warn' || level === 'error') once(level, code, message, safe);
    else write(level, code, message, safe);
  };
}

function jsonWriter(target: LogTarget): Write {
  const logger = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    target === process.stderr ? pino.destination({ fd: 2, sync: true }) : { write: (line) => target.write(line) },
  );
  return (level, code, message, fields) => {
    const known = remedyOf(level, code);
    const more = known === undefined ? {} : { remedy: known.remedy, retryable: known.retryable };
    logger[level]({ ...fields, code, ...more }, message);
  };
}

const STYLES = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const satisfies Record<LogLevel, Style>;

function prettyWriter(target: LogTarget): Write {
  const paint = paintFor(target);
  return (level, code, message, fields) => {
    const time = new Date().toISOString().slice(11, 19);
    const details = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
    const known = remedyOf(level, code);
    const text = [message, ...details].join('  ');
    const remedy = known === undefined ? '' : `  ${paint('dim', `fix: ${known.remedy}`)}`;
    const head = `${paint('dim', time)} ${paint(STYLES[level], level.toUpperCase().padEnd(5))}`;
    target.write(`${head} ${paint('cyan', printable(code))}  ${printable(text)}${remedy}\n`);
  };
}

/** Colours as this target, NO_COLOR and FORCE_COLOR want them. */
export function paintFor(target: LogTarget): Paint {
  return (style, text) => styleText(style, text, { stream: target });
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return /^[^\s"=]+$/.test(text) || typeof value !== 'string' ? text : JSON.stringify(text);
}

function remedyOf(level: LogLevel, code: string): { readonly remedy: string; readonly retryable: boolean } | undefined {
  if (level !== 'warn' && level !== 'error') return undefined;
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
}

interface Repeat {
  count: number;
  again: () => void;
}

/** Writes a warning once, then, while it comes again, once a minute with its count. */
function withoutRepeats(write: Write): Write {
  const repeats = new Map<string, Repeat>();
  function wait(key: string): void {
    setTimeout(() => {
      const repeat = repeats.get(key);
      if (repeat === undefined) return;
      if (repeat.count === 0) {
        repeats.delete(key);
        return;
      }
      repeat.again();
      repeat.count = 0;
      wait(key);
    }, REPEAT_MS).unref();
  }
  return (level, code, message, fields) => {
    const { stream, topic, rights } = fields;
    const key = JSON.stringify([code, stream, topic, rights]);
    const repeat = repeats.get(key);
    if (repeat !== undefined) {
      repeat.count += 1;
      repeat.again = () => write(level, code, message, { ...fields, repeated: repeat.count });
      return;
    }
    write(level, code, message, fields);
    if (repeats.size >= REPEATS_MAX) return;
    repeats.set(key, { count: 0, again: () => {} });
    wait(key);
  };
}

const SECRET = /pass(word|phrase|wd)?$|secret|token|authorization|credential|bearer|api_?key|private_?key/i;
const DEPTH_MAX = 6;

/** A copy with secrets masked and errors as plain data. */
function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(/:\/\/[^\s/:@]*:[^\s/@]+@/g, '://***@');
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (depth >= DEPTH_MAX) return '…';
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const code = 'code' in value ? { code: value.code } : {};
    return masked({ name, message, ...code, ...(cause === undefined ? {} : { cause }) }, depth);
  }
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1));
  const entries = Object.entries(value).map(([name, item]) => [
    name,
    SECRET.test(name) ? '***' : masked(item, depth + 1),
  ]);
  return Object.fromEntries(entries);
}
