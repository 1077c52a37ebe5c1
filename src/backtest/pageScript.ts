// The script of the report, as text: it runs in a browser, from a file, without anything to load. Plots are drawn when
// they come into view.

import { AXES } from './scriptAxes.ts';
import { DRAWING } from './scriptDrawing.ts';
import { PLOTS } from './scriptPlots.ts';

const START = `
const groups = new Map([...document.querySelectorAll('.file')].map((card) => [card, newGroup(card)]));
const redraw = () => { for (const group of groups.values()) group.draw(); };
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    groups.get(target).seen = isIntersecting;
    groups.get(target).draw();
  }
}, { rootMargin: '400px' });
for (const [card, group] of groups) {
  const { top, bottom } = card.getBoundingClientRect();
  group.seen = top < window.innerHeight && bottom > 0;
  group.draw();
  observer.observe(card);
}
window.addEventListener('beforeprint', () => {
  for (const group of groups.values()) group.seen = true;
  redraw();
});
window.addEventListener('resize', redraw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);

/** Sorts the overview by a column: largest first, texts from A on, and the other way round at the next click. */
for (const button of document.querySelectorAll('th button')) {
  let turn = 1;
  button.addEventListener('click', () => {
    const { cellIndex } = button.closest('th');
    const body = button.closest('table').tBodies[0];
    const key = (row) => row.cells[cellIndex].dataset.key;
    const number = (row) => (key(row) === '' ? -Infinity : Number(key(row)));
    const isText = [...body.rows].some((row) => Number.isNaN(number(row)));
    const compare = (a, b) => (isText ? key(a).localeCompare(key(b)) : number(b) - number(a) || 0);
    body.append(...[...body.rows].sort((a, b) => turn * compare(a, b)));
    turn = -turn;
  });
}
`;

export const SCRIPT = `
'use strict';
(() => {
${AXES}${DRAWING}${PLOTS}${START}
})();
`;
