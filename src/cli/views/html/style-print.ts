/** On paper: black on white, no controls, every column, rows whole. */
export const PRINT = `
.printed{display:none}
@page{margin:14mm}
@media print{
:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--quiet:#444;--line:#bbb;--faint:#f3f3f3;--accent:#0a58a8;
--critical:#a3092f;--high:#8a4b00;--medium:#0a58a8;--low:#444;--shadow:none}
body{max-width:none;padding:0;font-size:9.5pt}
section{border:0;border-top:1px solid var(--line);border-radius:0;padding:.8rem 0;margin:0}
#unread{border-left:0}
.skip,.filter,.state-line button,.pager,.turn,.sort i,.open::before,#copies .actions,kbd,.link{display:none!important}
.printed{display:block}
.findings .wide,.findings .medium-wide{display:table-cell!important}
.findings,.scroll,.trend .dated{overflow:visible;max-height:none}
.findings{font-size:8pt}
.sort{display:contents}
.findings thead th{padding:.2rem .35rem}
.findings thead th>span{padding:0}
.findings th:nth-child(3){width:11%}.findings th:nth-child(4){width:18%}.findings th:nth-child(5){width:9%}
.findings th,.findings td{padding:.2rem .35rem}
.findings .under{padding-left:0}
.findings tbody th{min-width:0}
.level .word,.findings th:nth-child(1) .sort span{position:static;clip-path:none}
.chart,.graph{min-width:0}
thead{display:table-header-group}
tr,article,.tile,.chart,.answer,#worst li{break-inside:avoid}
header{margin-bottom:.4rem}
header,.answers,#worst{font-size:8.5pt;line-height:1.4}
h2{font-size:12pt;margin-bottom:.4rem}
.back{padding:.3rem .6rem;margin-bottom:.5rem}
.pair{display:none}
h1{font-size:17pt}
.identity{grid-template-columns:1fr 1fr;gap:0 1.5rem}
.identity>div{grid-template-columns:6.3rem minmax(0,1fr)}
.answers{grid-template-columns:2fr 3fr 3fr;gap:.5rem;margin-bottom:.6rem}
.answer{padding:.4rem .6rem}
.tiles{grid-template-columns:repeat(4,1fr);gap:.5rem;margin-bottom:.6rem}
.tile>*{padding:.3rem .6rem}
.tile b,.figure b{font-size:16pt}
.bars th,.bars td{padding-top:.05rem;padding-bottom:.05rem}
#worst li{margin-bottom:.25rem}
#unread,#exposure,#findings{break-before:page}
#unread~#exposure,#exposure:not([hidden])~#findings,#unread~#findings{break-before:auto}
.chart .label{display:block}.chart{font-size:12px}.legend,.narrow,.findings caption{display:none}
h2,h3{break-after:avoid}
.trend{grid-template-columns:minmax(0,1fr)}
.copies{display:block}
.copies article{margin-bottom:.6rem}
a{color:inherit;text-decoration:none}
}
`;
