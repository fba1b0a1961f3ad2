/** The parts for who reads only the first screen: whose report it is, the answers, the gravest secrets. */
export const ANSWERS = `
.identity{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(27rem,100%),1fr));gap:.15rem 2.5rem;margin:0}
.identity>div{display:grid;grid-template-columns:7.5rem minmax(0,1fr)}
.identity dt{color:var(--quiet)}
.identity dd{margin:0}
.answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(17rem,100%),1fr));gap:.75rem;margin-bottom:1.1rem}
.answer{border:1px solid var(--line);border-radius:8px;padding:.7rem 1rem;min-width:0}
.answer h3{color:var(--quiet);font-weight:600}
.answer>:last-child,.answer li:last-child{margin-bottom:0}
.answer p{margin-bottom:.35rem}
.answer :is(ul,ol){margin:0 0 .35rem;padding-left:1.2rem}
.answer li{margin-bottom:.25rem}
.figure b{font-size:2.2rem;line-height:1.1;font-variant-numeric:tabular-nums}
.tile small{display:block;color:var(--quiet)}
#worst ol{margin:0;padding-left:1.4rem}
#worst li{margin-bottom:.5rem}
#worst li::marker{font-weight:700}
.legend{display:none;list-style:none;padding:0;margin:.3rem 0 .8rem}
.narrow{display:none}
@media (max-width:40rem){h1{font-size:1.6rem}.identity>div{grid-template-columns:6.5rem minmax(0,1fr)}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem}.chart .label{display:none}.chart{font-size:22px}.narrow{display:block;margin-top:.2rem}}
`;
