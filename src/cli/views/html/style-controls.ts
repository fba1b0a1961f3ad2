/** The parts that the page's script creates: filter, list, details, graphs. */
export const CONTROLS = `
button,input,select{font:inherit;color:inherit}
button,select,input[type=search]{background:var(--card);border:1px solid var(--quiet);border-radius:6px;padding:.35rem .7rem}
button{cursor:pointer}
button:hover:not(:disabled){background:var(--faint)}
button:disabled{cursor:default;color:var(--quiet);border-color:var(--line)}
.filter{display:flex;flex-wrap:wrap;gap:.7rem 1.25rem;align-items:end;margin-bottom:.9rem}
.filter label.field{display:grid;gap:.15rem;color:var(--quiet);font-size:.9em}
.filter .field>:is(input,select){color:var(--ink);font-size:1rem;max-width:16rem}
.filter .search{flex:1 1 100%}
.filter .search>input{max-width:none}
fieldset{border:0;margin:0;padding:0;min-width:0}
legend{padding:0;color:var(--quiet);font-size:.9em}
.chips{display:flex;flex-wrap:wrap;gap:.35rem}
.chip{display:flex;gap:.35rem;align-items:center;padding:.25rem .6rem;border:1px solid var(--line);border-radius:99px;cursor:pointer}
.chip:hover{background:var(--faint)}
.chip:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.chip:has(:focus-visible){outline:3px solid var(--accent);outline-offset:2px}
.chip input{accent-color:var(--accent);margin:0;outline:0}
.chip .count{color:var(--quiet);font-variant-numeric:tabular-nums}
.state-line{min-height:2.3rem;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin-bottom:.5rem}
.state-line [role=status]{margin:0;font-weight:600}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .35rem;font:.85em ui-monospace,monospace;background:var(--faint)}
.findings{table-layout:auto}
.findings thead th{padding:0}
.findings thead th>span{display:block;padding:.45rem .7rem}
.sort{border:0;background:none;width:100%;text-align:left;font-weight:600;padding:.45rem .7rem;border-radius:4px}
.sort i{display:inline-block;width:1em;margin-left:.25em}
.findings th:nth-child(1){width:9%}.findings th:nth-child(2){width:19%}.findings th:nth-child(3){width:11%}
.findings th:nth-child(4){width:21%}.findings th:nth-child(5){width:10%}.findings th:nth-child(6){width:9%}
.findings tbody th{min-width:11.5rem}
.findings .level{white-space:nowrap}
.findings tbody bdi,.findings td small{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:4;overflow:hidden}
.findings small>bdi,.detail bdi{display:inline!important}
.findings small{display:block;color:var(--quiet);font-weight:400;font-size:.87em}
.findings .why{color:var(--quiet);font-size:.92em}
.open{display:flex;border:0;background:none;padding:0;font-weight:600;text-align:left;border-radius:3px}
.open::before{content:"▸";flex:0 0 1.1em;color:var(--quiet)}
.open[aria-expanded=true]::before{content:"▾"}
.open:hover{text-decoration:underline;background:none!important}
tr.opened>*{border-bottom-color:transparent}
.findings .under{padding-left:1.1em}
.detail>td{background:var(--faint);padding:.9rem 1.2rem 1.1rem}
.detail dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1.2rem;margin:0 0 .6rem}
.detail dt{color:var(--quiet)}
.detail dd{margin:0}
.detail ul{margin:0;padding-left:1.1rem}
.state{display:inline-block;border:1px solid currentColor;border-radius:4px;padding:0 .4rem;font-size:.9em;white-space:nowrap}
.state.regressed{color:var(--critical);font-weight:700}
.state.new{color:var(--high)}
.state.known,.state.ignored,.state.migrated{color:var(--quiet)}
.pager{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;margin-top:.9rem}
.pager p{margin:0}
.none{padding:1.5rem 0;color:var(--quiet)}
.copies{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(34rem,100%),1fr));gap:1rem;margin-bottom:.8rem}
.copies article{border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;min-width:0}
.copies header{margin:0 0 .4rem;display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline;justify-content:space-between}
.graph{display:block;width:100%;height:auto;max-height:30rem;font-size:13px}
.graph path{fill:none;stroke:var(--quiet);stroke-width:1.3;opacity:.75}
.graph rect{fill:var(--faint);stroke:var(--line)}
.graph .secret rect{fill:var(--card);stroke:currentColor;stroke-width:2}
.graph text{fill:var(--ink)}
.graph .secret text{fill:currentColor;font-weight:600}
.graph .path{fill:var(--quiet)}
.graph .more{fill:var(--quiet);font-style:italic}
.copies details>ul{max-height:20rem;overflow:auto}
.turn{margin-bottom:.8rem}
.who th{font-weight:400}
.who th:nth-child(1){width:40%}.who th:nth-child(2){width:1%}
.who td:last-child{min-width:9rem}
.who caption{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden;white-space:nowrap}
.who ul{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;padding:0;margin:0}
.link{border:0;background:none;color:var(--accent);padding:0;text-decoration:underline;border-radius:3px}
@media (max-width:56rem){.findings .wide{display:none}}
@media (max-width:40rem){.findings .medium-wide{display:none}.findings th,.findings td{padding-left:.35rem;padding-right:.35rem}
.detail dl{grid-template-columns:minmax(0,1fr);gap:0}.detail dd{margin-bottom:.4rem}.findings tbody th{min-width:0}
.findings th:nth-child(1){width:1%}.findings th:nth-child(2){width:46%}.findings th:nth-child(4){width:auto}.findings .sort{padding-left:.35rem;padding-right:0}
.findings{font-size:.93em}.findings thead{font-size:.9em}:is(.level .word,.findings th:nth-child(1) .sort span){position:absolute;clip-path:inset(50%)}.graph{min-width:27rem}}
`;
