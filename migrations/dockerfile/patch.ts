import { basename } from "node:path";
import { cmd } from "../../src/kit/shell.ts";
import type { Finding } from "../../src/model/finding.ts";
import { pairsOf, type Instruction } from "../../src/images/dockerfile.ts";

/**
 * What to change for one finding, as a unified diff below a sentence that says how to build then. Contains no value of
 * this secret or any other: irrelevant parts of lines are `…`.
 */
export function patchFor(
  file: string,
  text: string,
  instructions: readonly Instruction[],
  own: Instruction,
  finding: Finding,
): string {
  if (!["ENV", "ARG", "LABEL", "RUN"].includes(own.name)) return taken(own);
  const name = own.name === "RUN" ? nameIn(own.value, finding) : finding.name;
  const users = own.name === "RUN" ? [own] : usersOf(name, own, instructions);
  const mount = `--mount=type=secret,id=${name},env=${name}`;
  const hunks = own.name === "RUN" ? [] : [withoutPair(own, finding)];
  for (const again of declaredAgain(name, own, instructions)) hunks.push(hunk(again, [`-ARG ${name}`]));
  for (const user of users) {
    const head = headOf(user.value, user === own ? (finding.part.start ?? 0) : user.value.length);
    const [before, after] = user === own ? [`${head} •••••••• …`, `${head} "$${name}" …`] : [head, head];
    hunks.push(hunk(user, [`-RUN ${before}`, `+RUN ${mount} ${after}`]));
  }
  const needsSyntax = users.length > 0 && !/^#\s*syntax\s*=/i.test(text);
  const first = needsSyntax ? ["@@ -0,0 +1,1 @@", "+# syntax=docker/dockerfile:1"] : [];
  const shown = basename(file);
  return [says(own, name, users), `--- ${shown}`, `+++ ${shown}`, ...first, ...hunks.flat()].join("\n");
}

function says({ name: instruction }: Instruction, name: string, users: readonly Instruction[]): string {
  const build = cmd`build with docker build --secret id=${name},env=${name} (docker/dockerfile:1.10 or later)`;
  const rotate = "and rotate it: images built so far keep it";
  if (instruction === "LABEL") return `take it out, ${rotate}`;
  if (instruction === "ENV") {
    const start = `give ${name} to the container when it starts (unsprawl plan docker: or compose: moves it from there)`;
    return users.length > 0 ? `${start}, ${build}, ${rotate}` : `${start}, ${rotate}`;
  }
  return users.length > 0 || instruction === "RUN"
    ? `${build}, ${rotate}`
    : `no command uses ${name}: take it out, ${rotate}`;
}

function taken({ name }: Instruction): string {
  const rotate = "and rotate it: images built so far keep it";
  return ["CMD", "ENTRYPOINT", "HEALTHCHECK"].includes(name)
    ? `take it out, give it to the container when it starts, ${rotate}`
    : `take it out, ${rotate}`;
}

/** The commands that read the variable, in each stage that has it. */
function usersOf(name: string, own: Instruction, instructions: readonly Instruction[]): readonly Instruction[] {
  if (!/^\w+$/.test(name)) return [];
  const use = new RegExp(`\\$(?:${name}\\b|\\{${name}[}:?+-])`);
  const stages = new Set([
    ...stagesWith(own, instructions),
    ...declaredAgain(name, own, instructions).map(({ stage }) => stage),
  ]);
  return instructions.filter(
    (one) => one.name === "RUN" && stages.has(one.stage) && one.line > own.line && use.test(one.value),
  );
}

/** An ARG before the first FROM counts in the stages that declare it again, without a value. */
function declaredAgain(name: string, own: Instruction, instructions: readonly Instruction[]): readonly Instruction[] {
  if (own.stage !== null) return [];
  return instructions.filter(
    (one) =>
      one.name === "ARG" &&
      one.stage !== null &&
      pairsOf(one).some((pair) => pair.name === name && pair.value === null),
  );
}

/** The stage of an instruction, and for ENV those that are built from it. */
function stagesWith(own: Instruction, instructions: readonly Instruction[]): ReadonlySet<number | null> {
  const stages = new Set([own.stage]);
  if (own.name !== "ENV") return stages;
  const names = new Map<string, number | null>();
  for (const { name, value, stage } of instructions) {
    if (name !== "FROM") continue;
    const [, base = "", as = ""] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(value) ?? [];
    if (stages.has(names.get(base.toLowerCase()) ?? -1)) stages.add(stage);
    if (as !== "") names.set(as.toLowerCase(), stage);
  }
  return stages;
}

function withoutPair(own: Instruction, { name, masked }: Finding): readonly string[] {
  const pairs = pairsOf(own);
  const others = pairs.filter((pair) => pair.name !== name);
  const show = (pair: (typeof pairs)[number]): string =>
    pair.value === null ? pair.name : `${pair.name}=${pair.name === name ? masked : "…"}`;
  const after = others.length === 0 ? [] : [`+${own.name} ${others.map(show).join(" ")}`];
  return hunk(own, [`-${own.name} ${pairs.map(show).join(" ")}`, ...after]);
}

/** Continued lines are shown as one. */
function hunk({ line }: Instruction, lines: readonly string[]): readonly string[] {
  const added = lines.filter((one) => one.startsWith("+")).length;
  return [`@@ -${line},${lines.length - added} +${line},${added} @@`, ...lines];
}

/** The program of a command, if it comes before the secret; what follows may be anything. */
function headOf(value: string, before: number): string {
  const [, options = "", head = ""] = /^((?:--\S+\s+)*)([\w./-]+)(?=\s|$)/.exec(value) ?? [];
  return head === "" || options.length + head.length > before ? "…" : `${head} …`;
}

/** The command's name for the secret, if it has one. */
function nameIn(value: string, { part: { start } }: Finding): string {
  const before = start === null ? "" : value.slice(Math.max(0, start - 300), start);
  return /(?<!\w)([A-Za-z_]\w{0,127})=["']?[^\s"'=]{0,150}$/.exec(before)?.[1]?.toUpperCase() ?? "BUILD_SECRET";
}
