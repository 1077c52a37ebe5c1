// Part of the report's script, as text: numbers, times and their scales.

export const AXES = `
/** Layout of a plot, CSS pixels from the top: values, score, time. */
const P = { left: 62, right: 10, top: 12, value: 214, score: 236, end: 308, height: 332 };
const [SECOND, MINUTE, HOUR, DAY] = [1e3, 6e4, 36e5, 864e5];
const STEPS = [
  ...[1, 5, 15, 30].map((n) => n * SECOND), ...[1, 5, 15, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 7, 14].map((n) => n * DAY),
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const pad = (n) => String(n).padStart(2, '0');

function short(x) {
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return x.toExponential(2);
  return (x || 0).toLocaleString('en', { maximumSignificantDigits: 5 });
}

function instant(ms) {
  const [date, time] = new Date(ms).toISOString().split('T');
  return date + ' ' + (time.slice(6, 8) === '00' ? time.slice(0, 5) : time.slice(0, 8));
}

/** Round numbers between two. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= rough) || rough;
  const list = [];
  for (let i = Math.ceil(low / step); i * step <= high && list.length < 12; i++) list.push(i * step);
  return list;
}

/** Round instants between two, UTC, with their texts: months and years, days, or times of day. */
function instants(from, to, count) {
  const rough = (to - from) / count;
  const step = STEPS.find((s) => s >= rough);
  if (step === undefined) return months(from, to, rough);
  const list = [];
  for (let ms = Math.ceil(from / step) * step; ms <= to && list.length < 40; ms += step) {
    const at = new Date(ms);
    const time = pad(at.getUTCHours()) + ':' + pad(at.getUTCMinutes()) +
      (step < MINUTE ? ':' + pad(at.getUTCSeconds()) : '');
    list.push([ms, ms % DAY === 0 ? at.getUTCDate() + ' ' + MONTHS[at.getUTCMonth()] : time]);
  }
  return list;
}

function months(from, to, rough) {
  const step = [1, 3, 6, 12, 24, 60, 120].find((m) => m * 30.4 * DAY >= rough) || 240;
  const list = [];
  for (let month = 0; list.length < 40; month += step) {
    const ms = Date.UTC(new Date(from).getUTCFullYear(), month, 1);
    if (ms > to) break;
    const at = new Date(ms);
    if (ms >= from) list.push([ms, MONTHS[at.getUTCMonth()] + ' ' + at.getUTCFullYear()]);
  }
  return list;
}

/** Draws the scale of the values in view and answers value → pixel. The band widens it by a fifth, not more. */
function valueAxis(v) {
  const { least, most, lower, upper } = v.curve;
  let [low, high, below, above] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = v.a; i <= v.b; i++) {
    if (least[i] < low) low = least[i];
    if (most[i] > high) high = most[i];
    if (lower[i] < below) below = lower[i];
    if (upper[i] > above) above = upper[i];
  }
  if (!(low <= high)) [low, high] = [0, 1];
  const reach = (high - low) / 5;
  [low, high] = [Math.max(Math.min(low, below), low - reach), Math.min(Math.max(high, above), high + reach)];
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 10, high + (Math.abs(high) || 1) / 10];
  const margin = (high - low) * 0.05;
  [low, high] = [low - margin, high + margin];
  const y = (value) => P.value - ((value - low) / (high - low)) * (P.value - P.top);
  scale(v, ticks(low, high, 5), y, short);
  return y;
}

function scoreAxis(v) {
  let high = 1.5;
  for (let i = v.a; i <= v.b; i++) if (v.curve.score[i] > high) high = v.curve.score[i];
  high *= 1.08;
  const y = (score) => P.end - (score / high) * (P.end - P.score);
  scale(v, high > 3 ? [0, 1, ...ticks(2, high, 2)] : [0, 1], y, String);
  return y;
}

function scale({ g, width }, marks, y, text) {
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  for (const mark of marks) {
    level(g, width, y(mark), colour('line'));
    g.fillStyle = colour('muted');
    g.fillText(text(mark), P.left - 8, y(mark));
  }
}

function level(g, width, y, stroke) {
  g.strokeStyle = stroke;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(P.left, Math.round(y) + 0.5);
  g.lineTo(width - P.right, Math.round(y) + 0.5);
  g.stroke();
}

function timeAxis({ g, x, width, from, to }) {
  g.textAlign = 'center';
  g.textBaseline = 'top';
  g.fillStyle = colour('muted');
  for (const [ms, text] of instants(from, to, Math.max(2, Math.floor((width - 80) / 78)))) {
    g.fillText(text, Math.min(Math.max(x(ms), P.left + 24), width - 34), P.end + 8);
  }
}
`;
