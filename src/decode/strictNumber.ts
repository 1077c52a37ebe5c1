// Numbers written as text. `Number` alone is too kind: '' and ' ' are 0 to it, '0x10' is 16.

/** Beyond this, rounding to float32 would give infinity. */
const MAGNITUDE_END = 3.4e38;

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;

/**
 * Reads `[+-] digits [. digits] [e [+-] digits]`, where one side of the dot may be empty; spaces, tabs and line ends
 * around it are allowed. `nan`, `inf` and `infinity`, in any case and with a sign, are read as what they mean.
 * Undefined for everything else.
 */
export function numberOf(text: string): number | undefined {
  let from = 0;
  let end = text.length;
  while (from < end && isSpace(text.charCodeAt(from))) from++;
  while (end > from && isSpace(text.charCodeAt(end - 1))) end--;
  if (isDecimal(text, from, end)) return Number(text);
  return nonFinite(text.slice(from, Math.min(end, from + 10)));
}

/** True for nothing but blanks. */
export function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isSpace(text.charCodeAt(i))) return false;
  return true;
}

/** The value itself where float32 can hold it; else NaN or infinite, so that the next stage drops and counts it. */
export function withinFloat32(value: number): number {
  if (value >= MAGNITUDE_END) return Infinity;
  if (value <= -MAGNITUDE_END) return -Infinity;
  return value;
}

export function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= ZERO + 9;
}

function isDecimal(text: string, from: number, end: number): boolean {
  let at = from;
  if (isSign(text.charCodeAt(at))) at++;
  const whole = at;
  at = digitsEnd(text, at, end);
  let digits = at - whole;
  if (at < end && text.charCodeAt(at) === DOT) {
    const fraction = at + 1;
    at = digitsEnd(text, fraction, end);
    digits += at - fraction;
  }
  if (digits === 0) return false;
  if (at === end) return true;
  if ((text.charCodeAt(at) | 0x20) !== LOWER_E) return false;
  at++;
  if (at < end && isSign(text.charCodeAt(at))) at++;
  return at < end && digitsEnd(text, at, end) === end;
}

function digitsEnd(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isDigit(text.charCodeAt(at))) at++;
  return at;
}

function nonFinite(text: string): number | undefined {
  const sign = text.charCodeAt(0);
  switch ((isSign(sign) ? text.slice(1) : text).toLowerCase()) {
    case 'nan':
      return NaN;
    case 'inf':
    case 'infinity':
      return sign === MINUS ? -Infinity : Infinity;
    default:
      return undefined;
  }
}

function isSign(unit: number): boolean {
  return unit === PLUS || unit === MINUS;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
}
