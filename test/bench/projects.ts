// How projects that other people wrote migrate: `node test/bench/projects.ts FOLDER --parts DIR [--entrypoints DIR]
// [--out cases.json] [--not FILE] [--stacks] [--take N] [--only TEXT] [--keep DIR]`. FOLDER holds their repositories and lies outside this one; nothing of them
// is committed. DIR of `--parts` has static `bash` and `gosu` (Debian: bash-static, gosu), that of `--entrypoints` the
// public entrypoint scripts, by image (test/bench/projects/stand-ins.ts). What is in the files of `--out` and `--not` is not measured again.
// Best in network and mount namespaces of its own (`unshare -n`, `ip link set lo up`), where no port is taken.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startEngine } from "../services/engine.ts";
import { becomeSwarm } from "../services/swarm.ts";
import { projectsBelow } from "./projects/find.ts";
import { COMPOSE, STACK } from "./projects/forms.ts";
import { measure, type Case } from "./projects/measure.ts";
import { report } from "./projects/report.ts";
import { standIns } from "./projects/stand-ins.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parts: { type: "string", default: "/usr/bin" },
    entrypoints: { type: "string" },
    out: { type: "string", default: "projects.json" },
    take: { type: "string", default: "1000000" },
    keep: { type: "string" },
    only: { type: "string", default: "" },
    not: { type: "string" },
    stacks: { type: "boolean", default: false },
  },
});
const casesIn = (file = ""): Case[] => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Case[]) : []);
const cases = casesIn(values.out);
const known = new Set([...cases, ...casesIn(values.not)].map(({ project }) => project));
const projects = projectsBelow(positionals[0] ?? ".", values.stacks).filter(
  ({ name }) => !known.has(name) && name.includes(values.only),
);
const form = values.stacks ? STACK : COMPOSE;
let left = Number(values.take);
const engine = await startEngine();
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (isStopped = true));
try {
  if (values.stacks) await becomeSwarm(engine);
  const images = await standIns(engine, values.parts, values.entrypoints ?? null);
  for (const project of projects) {
    await new Promise(setImmediate); // lets a signal in
    if (left <= 0 || isStopped) break;
    const one = await measure(form, project, engine, images, values.keep ?? null);
    if (one.outcome !== "skipped") left--;
    cases.push(one);
    writeFileSync(values.out, `${JSON.stringify(cases, null, 1)}\n`);
    console.log(
      `${one.outcome.padEnd(8)}${one.seconds.toFixed(0).padStart(4)} s  ${one.project}  ${[one.why, ...one.wrong].filter(Boolean).join("; ")}`,
    );
  }
} finally {
  await engine.stop();
}
console.log(report(cases));
