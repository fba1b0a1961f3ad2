import { ANSWERS } from "./style-answers.ts";
import { CONTROLS } from "./style-controls.ts";
import { PRINT } from "./style-print.ts";

const BASE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2028;--quiet:#565e6b;--line:#d6dae0;--faint:#eef0f3;
--accent:#0a58a8;--critical:#a3092f;--high:#8a4b00;--medium:#0a58a8;--low:#565e6b;--shadow:0 1px 2px #0001}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1a1e25;--ink:#e7eaef;--quiet:#a7b0bd;--line:#353c48;--faint:#232932;
--accent:#86b9f7;--critical:#ff93a4;--high:#f3b661;--medium:#86b9f7;--low:#a7b0bd;--shadow:none}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-padding-top:1rem}
body{margin:0 auto;max-width:84rem;padding:1.5rem clamp(1rem,3vw,2.5rem) 3rem;background:var(--page);color:var(--ink);overflow-wrap:anywhere;
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{margin:0 0 .4rem;font-size:2rem;line-height:1.2;letter-spacing:-.01em}
h2{margin:0 0 .8rem;font-size:1.2rem;line-height:1.3}
h3{margin:0 0 .3rem;font-size:1rem}
p,ul{margin:0 0 .7rem}
ul{padding-left:1.2rem}
code{font:.92em/1.4 ui-monospace,"Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--accent)}
i{font-style:normal}
.product{margin:0 0 .2rem;color:var(--quiet);font-weight:600;letter-spacing:.02em}
.quiet,footer{color:var(--quiet)}
header{margin-bottom:1.5rem}
footer{font-size:.9em;margin-top:2rem}
section{margin:0 0 1.25rem;padding:1.25rem clamp(1rem,2vw,1.5rem);background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow)}
section>:last-child{margin-bottom:0}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
section:focus-visible{outline-offset:-3px}
.skip{position:absolute;left:-99rem;top:.5rem;padding:.5rem 1rem;background:var(--card);z-index:2}
.skip:focus{left:1rem}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}
#unread{border-left:5px solid var(--critical)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.75rem;list-style:none;padding:0;margin-bottom:1.25rem}
.tile>*{display:block;padding:.7rem 1rem;border:1px solid var(--line);border-left:5px solid currentColor;border-radius:8px;color:inherit;text-decoration:none}
.tile a:hover{background:var(--faint)}
.tile b{display:block;font-size:1.9rem;line-height:1.1;font-variant-numeric:tabular-nums}
.back{padding:.6rem 1rem;border:1px solid var(--critical);border-left-width:5px;border-radius:8px}
.back>*{color:var(--critical)}
.pair{display:grid;align-items:start;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:1rem 2.5rem;margin-bottom:.7rem}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--quiet);padding-bottom:.3rem}
th,td{padding:.45rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600}
thead th{color:var(--quiet);white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
.bars th,.bars td{padding:.2rem .6rem .2rem 0;border:0;width:1%;white-space:nowrap;font-weight:400;vertical-align:middle}
.bars .bar{width:auto}
.bar svg{display:block;width:100%;height:.6rem;background:var(--faint);border-radius:3px}
.bar rect{fill:var(--accent)}
.trend{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.5rem;align-items:start}
.trend .dated{max-height:19rem;overflow:auto}
.dense th,.dense td{padding:.2rem .5rem;white-space:nowrap;font-weight:400}
.dense thead th{position:sticky;top:0;background:var(--card)}
.chart{width:100%;height:auto;font-size:12px}
.chart text{fill:currentColor}
.grid{color:var(--quiet)}
.grid line{stroke:var(--line)}
.line polyline{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.line circle{fill:currentColor}
.line.all polyline{stroke-width:3}
.line.high polyline{stroke-dasharray:7 3}
.line.medium polyline{stroke-dasharray:2 3}
.line.low polyline{stroke-dasharray:9 3 2 3}
details>summary{cursor:pointer;color:var(--accent);width:fit-content;margin-bottom:.4rem}
#not-started{visibility:hidden;animation:reveal 0s 4s forwards}
@keyframes reveal{to{visibility:visible}}
@media (scripting:none){#not-started{display:none}}
@media (max-width:60rem){.trend{grid-template-columns:minmax(0,1fr)}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media (forced-colors:active){.bar rect{fill:CanvasText}}
`;

/** The page's whole style. It names no font, no image and no address. */
export const STYLE: string = (BASE + ANSWERS + CONTROLS + PRINT).trim();
