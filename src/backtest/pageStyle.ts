// Looks of the report. The script takes its colours from the same variables.

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #182230; --muted: #667085; --line: #e4e7ec; --soft: #f2f4f7;
  --value: #273444; --band: rgba(46, 111, 219, .16); --expected: #2e6fdb; --alarm: #d92d20;
  --alarm-soft: rgba(217, 45, 32, .14); --label: #0e9384; --label-soft: rgba(14, 147, 132, .15);
  --score: #98a2b3; --learning: rgba(102, 112, 133, .09); --good: #067647; --shadow: 0 1px 3px rgba(16, 24, 40, .08);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1319; --card: #161d26; --ink: #e4e8ee; --muted: #8f9bad; --line: #27313d; --soft: #1c2530;
    --value: #cfd7e3; --band: rgba(96, 150, 245, .2); --expected: #6f9ef5; --alarm: #ff6b5e;
    --alarm-soft: rgba(255, 107, 94, .2); --label: #2ed3be; --label-soft: rgba(46, 211, 190, .16);
    --score: #5d6b7e; --learning: rgba(143, 155, 173, .1); --good: #3ccb8a; --shadow: none;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 80px; }
h1 { margin: 0; font-size: 26px; letter-spacing: -.01em; }
h2 { margin: 0; font-size: 17px; letter-spacing: -.005em; overflow-wrap: anywhere; }
h2 a, td a { color: inherit; text-decoration: none; }
h2 a:hover, td a:hover { text-decoration: underline; }
p { margin: 4px 0; }
.muted { color: var(--muted); }
code { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--soft); padding: 1px 5px; border-radius: 4px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(172px, 1fr)); gap: 12px; margin: 22px 0 14px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); }
.tile { padding: 12px 16px 13px; }
.tile b { display: block; font-size: 25px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; }
.tile small { display: block; font-size: 12.5px; font-weight: 500; margin-bottom: 3px; }
.tile span { color: var(--muted); font-size: 12.5px; }
.tile em { font-style: normal; font-weight: 600; font-size: 12.5px; }
.card { padding: 16px 18px; margin: 16px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 600; color: var(--muted); padding: 5px 10px; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th button { all: unset; cursor: pointer; } th button:hover, th button:focus-visible { color: var(--ink); }
td { padding: 4px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.n { text-align: right; }
.name { max-width: 330px; overflow: hidden; text-overflow: ellipsis; }
.strip { width: 260px; padding-top: 2px; padding-bottom: 2px; }
.strip svg { display: block; width: 100%; height: 18px; }
.strip .soft { fill: var(--soft); } .strip .learning { fill: var(--line); } .strip .alarm { fill: var(--alarm); }
.strip .label { fill: var(--label); opacity: .38; }
.facts { color: var(--muted); font-size: 13px; margin: 2px 0 10px; }
.facts b { color: var(--ink); font-weight: 600; }
.head { display: flex; gap: 12px; align-items: baseline; justify-content: space-between; }
.head button { font: inherit; font-size: 12.5px; color: var(--muted); background: none; border: 1px solid var(--line);
  border-radius: 6px; padding: 1px 9px; cursor: pointer; visibility: hidden; }
.zoomed .head button { visibility: visible; } .head button:hover { color: var(--ink); }
figure { margin: 0 0 10px; position: relative; }
figure canvas { display: block; width: 100%; height: 332px; cursor: crosshair; touch-action: pan-y; }
figcaption { font-size: 12.5px; font-weight: 600; color: var(--muted); }
.tip { position: absolute; pointer-events: none; display: none; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; box-shadow: 0 4px 14px rgba(16, 24, 40, .18); padding: 6px 10px; font-size: 12.5px;
  white-space: nowrap; z-index: 2; }
.tip b { font-weight: 600; } .tip i { font-style: normal; color: var(--muted); display: inline-block; min-width: 64px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 12.5px; color: var(--muted); margin: 6px 0 0; }
.legend span::before { content: ""; display: inline-block; width: 18px; height: 10px; margin-right: 6px;
  border-radius: 2px; vertical-align: -1px; background: var(--swatch); }
.legend .thin::before { height: 2px; vertical-align: 3px; }
tr.episode { cursor: pointer; } tr.episode:hover td { background: var(--soft); }
tr.episode:focus-visible { outline: 2px solid var(--expected); outline-offset: -2px; }
.mark { font-size: 12px; font-weight: 600; padding: 1px 8px; border-radius: 99px; }
.critical { color: var(--card); background: var(--alarm); }
.warning { color: var(--alarm); background: var(--alarm-soft); }
.info { color: var(--muted); background: var(--soft); }
.right { color: var(--label); background: var(--label-soft); }
.wrong { color: var(--alarm); background: var(--alarm-soft); }
details { margin-top: 6px; } summary { cursor: pointer; color: var(--muted); font-size: 13px; padding: 4px 10px; }
@media print { .head button, details > summary { display: none; } .card { break-inside: avoid; } }
`;
