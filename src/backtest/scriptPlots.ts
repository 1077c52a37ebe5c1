// Part of the report's script, as text: plots that follow the pointer, and what they share within a file.

export const PLOTS = `
/** Columns of a curve, as plotData.ts lays them out. */
function decode(text, meta) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const count = bytes.length / 28;
  const view = new DataView(bytes.buffer);
  const column = (c) => Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * (count * c + i), true));
  const time = Float64Array.from({ length: count }, (_, i) => meta.first + meta.unit * view.getUint32(4 * i, true));
  const steps = time.map((t, i) => t - time[i - 1]).filter((s) => s > 0).sort();
  const [least, most, expected, lower, upper, score] = [1, 2, 3, 4, 5, 6].map(column);
  return { count, time, least, most, expected, lower, upper, score, step: steps[steps.length >> 1] || meta.every || 1 };
}

function newPlot(figure, group) {
  const meta = JSON.parse(figure.querySelector('.meta').textContent);
  const canvas = figure.querySelector('canvas');
  const tip = figure.querySelector('.tip');
  let [curve, hover, drag] = [];

  const inner = () => canvas.clientWidth - P.left - P.right;
  const x = (ms) => P.left + ((ms - group.from) / (group.to - group.from)) * inner();
  const timeAt = (px) => group.from + Math.min(1, Math.max(0, (px - P.left) / inner())) * (group.to - group.from);
  const place = (event) => event.clientX - canvas.getBoundingClientRect().left;

  function draw() {
    curve ??= decode(figure.querySelector('.curve').textContent, meta);
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(P.height * ratio);
    const g = canvas.getContext('2d');
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.font = '11.5px system-ui, "DejaVu Sans", sans-serif';
    g.lineJoin = 'round';
    if (curve.count === 0) {
      g.fillStyle = colour('muted');
      g.fillText('no window was closed', P.left, 40);
      return;
    }
    let [a, b] = [0, curve.count - 1];
    while (a < b && curve.time[a + 1] < group.from) a++;
    while (b > a && curve.time[b - 1] > group.to) b--;
    const { from, to, chosen } = group;
    drawView({ g, curve, meta, x, a, b, from, to, chosen, hover, drag, width: canvas.clientWidth });
  }

  function nearest(px) {
    const ms = timeAt(px);
    let [a, b] = [0, curve.count - 1];
    while (b - a > 1) {
      const middle = (a + b) >> 1;
      if (curve.time[middle] <= ms) a = middle;
      else b = middle;
    }
    return ms - curve.time[a] < curve.time[b] - ms ? a : b;
  }

  function showTip(px) {
    const [least, most, score] = [curve.least[hover], curve.most[hover], curve.score[hover]];
    const range = (from, to) => (from === to ? short(from) : short(from) + ' … ' + short(to));
    const rows = [['value', Number.isNaN(least) ? 'no data' : range(least, most)]];
    if (!Number.isNaN(curve.expected[hover])) {
      rows.push(['expected', short(curve.expected[hover])], ['band', range(curve.lower[hover], curve.upper[hover])]);
    }
    rows.push(['score', Number.isNaN(score) ? 'none yet' : score.toFixed(2)]);
    const lines = rows.map(([name, text]) => '<i>' + name + '</i> ' + text);
    tip.innerHTML = ['<b>' + instant(curve.time[hover]) + '</b>', ...lines].join('<br>');
    tip.style.display = 'block';
    const isRight = px + 16 + tip.offsetWidth > canvas.clientWidth;
    tip.style.left = (isRight ? px - tip.offsetWidth - 14 : px + 16) + 'px';
    tip.style.top = canvas.offsetTop + 24 + 'px';
  }

  canvas.addEventListener('pointermove', (event) => {
    if (curve === undefined || curve.count === 0) return;
    const px = place(event);
    if (drag !== undefined) drag.to = px;
    hover = nearest(px);
    showTip(px);
    draw();
  });
  canvas.addEventListener('pointerleave', () => {
    [hover, drag] = [];
    tip.style.display = 'none';
    draw();
  });
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button === 0 && event.pointerType !== 'touch') drag = { from: place(event), to: place(event) };
  });
  canvas.addEventListener('pointerup', () => {
    const done = drag;
    drag = undefined;
    if (done === undefined || Math.abs(done.to - done.from) < 6) return;
    group.zoom(timeAt(Math.min(done.from, done.to)), timeAt(Math.max(done.from, done.to)));
  });
  canvas.addEventListener('dblclick', () => group.reset());
  return { draw, meta };
}

/** All plots of one file share their time. */
function newGroup(card) {
  const group = { from: 0, to: 1, chosen: undefined, seen: false };
  const plots = [...card.querySelectorAll('figure')].map((figure) => newPlot(figure, group));
  const known = plots.map(({ meta }) => meta).filter(({ last }) => last > 0);
  const from = known.length === 0 ? 0 : Math.min(...known.map(({ first }) => first));
  const to = known.length === 0 ? 1 : Math.max(...known.map(({ last }) => last), from + 1);
  [group.from, group.to] = [from, to];
  group.draw = () => { if (group.seen) for (const plot of plots) plot.draw(); };
  group.zoom = (a, b) => {
    [group.from, group.to] = [Math.max(from, a), Math.min(to, Math.max(b, a + (to - from) / 1e5))];
    card.classList.toggle('zoomed', group.from > from || group.to < to);
    group.draw();
  };
  group.reset = () => {
    group.chosen = undefined;
    group.zoom(from, to);
  };
  card.querySelector('.head button').addEventListener('click', group.reset);
  for (const row of card.querySelectorAll('tr.episode')) {
    const show = () => {
      const [a, b] = [Number(row.dataset.from), Number(row.dataset.to)];
      const around = Math.max((to - from) / 40, 2 * (b - a));
      group.chosen = Number(row.dataset.number);
      group.zoom(a - around, b + around);
      card.scrollIntoView({ block: 'start' });
    };
    row.addEventListener('click', show);
    row.addEventListener('keydown', (event) => { if (event.key === 'Enter') show(); });
  }
  return group;
}
`;
