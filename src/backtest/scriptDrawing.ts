// Part of the report's script, as text: what is drawn between the scales. A view `v` is one plot at one zoom: context
// `g`, `x` of a time, `y` of a value, `ys` of a score, the curve, and the buckets from `a` to `b` that are in view.

export const DRAWING = `
/** Draws a plot; answers nothing, changes nothing but the canvas. */
function drawView(v) {
  const { g, width } = v;
  v.y = valueAxis(v);
  v.ys = scoreAxis(v);
  timeAxis(v);
  clipped(g, P.left, 0, width - P.left - P.right, P.height, () => {
    drawRanges(v);
    clipped(g, P.left, P.top - 8, width, P.value - P.top + 12, () => {
      drawBand(v);
      if (isDense(v)) drawShade(v);
      else drawLines(v);
      drawPeaks(v);
    });
    drawScores(v);
    drawCross(v);
  });
}

function clipped(g, left, top, wide, high, draw) {
  g.save();
  g.beginPath();
  g.rect(left, top, wide, high);
  g.clip();
  draw();
  g.restore();
}

/** A pixel holds several buckets. */
function isDense({ curve, x, a, b }) { return b - a > x(curve.time[b]) - x(curve.time[a]); }

function isHole({ curve }, i) { return curve.time[i] - curve.time[i - 1] > 3.5 * curve.step; }

/** Warm-up, labels, episodes: over both panels, and never too narrow to be seen. */
function drawRanges(v) {
  const { g, x, meta, from, to } = v;
  const ready = meta.ready === null ? meta.last : meta.ready;
  if (ready > from) {
    drawBox(v, meta.first, ready, 'learning', 0);
    g.textAlign = 'left';
    g.textBaseline = 'top';
    g.fillStyle = colour('muted');
    if (x(ready) - P.left > 62) g.fillText('learning', P.left + 7, P.top);
  }
  for (const [start, end] of meta.labels) {
    if (end < from || start > to) continue;
    const [left, wide] = drawBox(v, start, end + meta.every, 'label-soft', 2);
    g.fillStyle = colour('label');
    g.fillRect(left, P.top - 8, wide, 3);
  }
  for (const [, start, end] of meta.episodes) {
    if (end >= from && start <= to) drawBox(v, start, end, 'alarm-soft', 3);
  }
}

function drawBox({ g, x, width }, from, to, fill, least) {
  const [a, b] = [x(from), x(to)];
  const wide = Math.max(least, b - a);
  const left = Math.max(P.left, a - (wide - (b - a)) / 2);
  const seen = Math.min(wide, width - left);
  g.fillStyle = colour(fill);
  g.fillRect(left, P.top - 8, seen, P.value - P.top + 8);
  g.fillRect(left, P.score, seen, P.end - P.score);
  return [left, wide];
}

function drawBand(v) {
  const { g, curve, x, y, a, b } = v;
  g.fillStyle = colour('band');
  for (let i = a; i <= b; ) {
    if (Number.isNaN(curve.upper[i])) { i++; continue; }
    let end = i;
    while (end < b && !Number.isNaN(curve.upper[end + 1]) && !isHole(v, end + 1)) end++;
    g.beginPath();
    for (let k = i; k <= end; k++) g.lineTo(x(curve.time[k]), y(curve.upper[k]));
    for (let k = end; k >= i; k--) g.lineTo(x(curve.time[k]), y(curve.lower[k]));
    g.fill();
    i = end + 1;
  }
}

function drawLines(v) {
  const { curve, y } = v;
  drawPath(v, (i) => [y(curve.expected[i])], 'expected', 1);
  // Of the two extremes of a bucket the nearer one comes first.
  let last = 0;
  drawPath(v, (i) => {
    const [low, high] = [y(curve.least[i]), y(curve.most[i])];
    if (low === high) return [low];
    const ends = Math.abs(high - last) < Math.abs(low - last) ? [high, low] : [low, high];
    last = ends[1];
    return ends;
  }, 'value', 1.25);
}

function drawPath(v, points, stroke, wide) {
  const { g, curve, x, a, b } = v;
  g.strokeStyle = colour(stroke);
  g.lineWidth = wide;
  g.beginPath();
  let down = false;
  for (let i = a; i <= b; i++) {
    const ys = points(i);
    if (Number.isNaN(ys[0])) { down = false; continue; }
    if (i > a && isHole(v, i)) down = false;
    for (const [k, py] of ys.entries()) {
      const px = x(curve.time[i] + (k * curve.step) / 2);
      if (down) g.lineTo(px, py);
      else g.moveTo(px, py);
      down = true;
    }
  }
  g.stroke();
}

/** The range of each column of pixels is a shade, and only its rim is a line. */
function drawShade({ g, curve, x, y, a, b }) {
  const [least, most] = [new Map(), new Map()];
  for (let i = a; i <= b; i++) {
    if (Number.isNaN(curve.least[i])) continue;
    const px = Math.round(x(curve.time[i]));
    least.set(px, Math.min(least.get(px) ?? Infinity, curve.least[i]));
    most.set(px, Math.max(most.get(px) ?? -Infinity, curve.most[i]));
  }
  g.fillStyle = colour('value');
  let before = [NaN, NaN, NaN];
  for (const [px, low] of least) {
    let [top, bottom] = [y(most.get(px)), y(low)];
    const [beforePx, beforeTop, beforeBottom] = before;
    before = [px, top, bottom];
    // Neighbours touch, so that a steep edge is a line.
    if (px - beforePx <= 2 && beforeTop > bottom) bottom = beforeTop;
    if (px - beforePx <= 2 && beforeBottom < top) top = beforeBottom;
    g.globalAlpha = bottom - top > 14 ? 0.45 : 0.9;
    g.fillRect(px, top - 0.6, 1, bottom - top + 1.2);
    g.globalAlpha = 0.9;
    g.fillRect(px, top - 0.6, 1, 1.2);
    g.fillRect(px, bottom - 0.6, 1, 1.2);
  }
  g.globalAlpha = 1;
}

function drawPeaks({ g, x, y, meta, from, to, chosen }) {
  for (const [number, , , at, value] of meta.episodes) {
    if (at < from || at > to || value === null) continue;
    g.beginPath();
    g.arc(x(at), y(value), chosen === number ? 5.5 : 3.5, 0, 7);
    g.fillStyle = colour('alarm');
    g.fill();
    g.strokeStyle = colour('card');
    g.lineWidth = 1.5;
    g.stroke();
  }
}

function drawScores(v) {
  const { g, ys, width } = v;
  clipped(g, P.left, ys(1), width, P.end - ys(1), () => drawArea(v, 'score'));
  clipped(g, P.left, P.score - 6, width, ys(1) - P.score + 6, () => drawArea(v, 'alarm'));
  g.setLineDash([4, 3]);
  level(g, width, ys(1), colour('alarm'));
  g.setLineDash([]);
  g.textAlign = 'left';
  g.textBaseline = 'bottom';
  g.fillStyle = colour('muted');
  g.fillText('score', P.left + 4, P.score + 2);
}

function drawArea(v, fill) {
  const { g, curve, x, ys, a, b } = v;
  g.beginPath();
  g.moveTo(x(curve.time[a]), P.end);
  for (let i = a; i <= b; i++) {
    const py = Number.isNaN(curve.score[i]) ? P.end : ys(curve.score[i]);
    const ends = i === b || isHole(v, i + 1);
    const next = x(ends ? curve.time[i] + curve.step : curve.time[i + 1]);
    g.lineTo(x(curve.time[i]), py);
    g.lineTo(next, py);
    if (ends) g.lineTo(next, P.end);
    if (ends && i < b) g.lineTo(x(curve.time[i + 1]), P.end);
  }
  g.fillStyle = colour(fill);
  g.fill();
  g.strokeStyle = colour(fill);
  g.lineWidth = 1.5;
  g.stroke();
}

/** The bucket below the pointer, and what is being selected. */
function drawCross({ g, curve, x, y, ys, drag, hover }) {
  if (drag !== undefined) {
    g.fillStyle = colour('band');
    g.fillRect(Math.min(drag.from, drag.to), P.top - 8, Math.abs(drag.to - drag.from), P.end - P.top + 8);
  }
  if (hover === undefined) return;
  const px = x(curve.time[hover]);
  g.strokeStyle = colour('muted');
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(px, P.top - 8);
  g.lineTo(px, P.end);
  g.stroke();
  for (const [py, fill] of [[y(curve.most[hover]), 'value'], [ys(curve.score[hover]), 'score']]) {
    if (Number.isNaN(py)) continue;
    g.fillStyle = colour(fill);
    g.beginPath();
    g.arc(px, py, 3, 0, 7);
    g.fill();
  }
}
`;
