// A reader of the text format 0.0.4, strict where Prometheus is.

interface ParsedLine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Parsed {
  readonly lines: readonly ParsedLine[];
  /** Type by family. */
  readonly types: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/** Throws on any line that is not of the format, on a repeated series and on a family that is not in one piece. */
export function parseExposition(text: string): Parsed {
  if (!text.endsWith('\n')) throw new Error('the last line must end');
  const lines: ParsedLine[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('# HELP ') || line === '') continue;
    if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = ''] = line.split(' ');
      if (types.has(name)) throw new Error(`${name}: a second TYPE`);
      types.set(name, type);
      family = name;
      continue;
    }
    const parsed = parseLine(line);
    if (!belongs(parsed.name, family, types.get(family))) throw new Error(`${line}: not in family ${family}`);
    const identity = JSON.stringify([parsed.name, Object.entries(parsed.labels).sort()]);
    if (seen.has(identity)) throw new Error(`${line}: a second time`);
    seen.add(identity);
    lines.push(parsed);
  }
  return { lines, types };
}

/** The values of the lines of this name that carry all these labels. */
export function valuesOf(parsed: Parsed, name: string, labels: Readonly<Record<string, string>> = {}): number[] {
  const wanted = Object.entries(labels);
  return parsed.lines
    .filter((line) => line.name === name && wanted.every(([label, value]) => line.labels[label] === value))
    .map(({ value }) => value);
}

function parseLine(line: string): ParsedLine {
  const [, name, inside = '', number] = SAMPLE.exec(line) ?? [];
  if (name === undefined || number === undefined) throw new Error(`not a line of the format: ${JSON.stringify(line)}`);
  const value =
    number === '+Inf' ? Number.POSITIVE_INFINITY : number === '-Inf' ? Number.NEGATIVE_INFINITY : Number(number);
  if (Number.isNaN(value)) throw new Error(`not a number: ${JSON.stringify(line)}`);
  return { name, labels: parseLabels(inside), value };
}

function parseLabels(inside: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = inside;
  while (rest !== '') {
    const [whole, name, value] = LABEL.exec(rest) ?? [];
    if (whole === undefined || name === undefined || value === undefined) throw new Error(`not labels: ${rest}`);
    if (Object.hasOwn(labels, name)) throw new Error(`label ${name} twice: ${inside}`);
    labels[name] = value.replace(/\\[\\"n]/g, (sequence) => ESCAPES[sequence] ?? sequence);
    rest = rest.slice(whole.length);
  }
  return labels;
}

function belongs(name: string, family: string, type: string | undefined): boolean {
  if (name === family) return type !== 'histogram';
  return type === 'histogram' && ['_bucket', '_sum', '_count'].some((suffix) => name === family + suffix);
}
