/**
 * The house in numbers, at one or more commits: `npm run house -- HEAD~100 HEAD`. Without arguments, the files as they are.
 * Counts product code only: src, providers and migrations. `npm run house -- --budget` makes the lines of each room, as they
 * are, its budget in test/budget.json.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "rolldown/parseAst";
import { BUDGET, isProduct, linesOf, linesOfRooms, readBudget, roomOf, treeNow, type Tree } from "./support/rooms.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const git = (...args: readonly string[]): string => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });

function treeAt(commit: string | null): Tree {
  if (commit === null) return treeNow();
  const files = git("ls-tree", "-r", "--name-only", commit).split("\n").filter(isProduct);
  const asked = files.map((file) => `${commit}:${file}\n`).join("");
  const answer = execFileSync("git", ["cat-file", "--batch"], {
    cwd: ROOT,
    input: asked,
    maxBuffer: 512 * 1024 * 1024,
  });
  const tree = new Map<string, string>();
  let at = 0;
  for (const file of files) {
    // `HASH blob SIZE`, a line feed, the text, a line feed.
    const start = answer.indexOf("\n", at) + 1;
    const size = Number(answer.subarray(at, start).toString("latin1").trim().split(" ").at(-1));
    tree.set(file, answer.subarray(start, start + size).toString("utf8"));
    at = start + size + 1;
  }
  return tree;
}

/** The files that each file imports, types included. */
function importsOf(tree: Tree): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...tree].map(([file, text]) => {
      const specs = text.matchAll(/\bfrom\s+"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"\s*\)|^import\s+"(\.[^"]+)"/gm);
      const to = [...specs].map(([, from, lazy, bare]) => normalize(join(dirname(file), from ?? lazy ?? bare ?? "")));
      return [file, to.filter((one) => tree.has(one))];
    }),
  );
}

/** The sources that had a room apart from their migration, by the start of the file's name. */
const SOURCES: { readonly [format: string]: readonly string[] } = {
  "docker-container": ["docker", "written-files"],
  "docker-run": ["script"],
  systemd: ["systemd"],
  registry: ["registry", "provenance"],
};

/**
 * The files of a format: its folder, its source, and, again and again, what only these import. The lists that name every
 * format count as no importer.
 */
function filesOf(format: string, imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const [, ...names] = [format, ...(SOURCES[format] ?? [format])];
  const isSource = (file: string): boolean =>
    names.some((name) => new RegExp(`^src/sources/${name}(?:-[\\w-]+)?\\.ts$`).test(file));
  const own = new Set([...imports.keys()].filter((file) => file.startsWith(`migrations/${format}/`) || isSource(file)));
  const importers = new Map<string, string[]>();
  for (const [from, all] of imports) for (const to of all) importers.set(to, [...(importers.get(to) ?? []), from]);
  for (let before = -1; before !== own.size;) {
    before = own.size;
    for (const [file, users] of importers) if (users.every((user) => own.has(user))) own.add(file);
  }
  return own;
}

/** Plug-ins whose names mean nothing else: `image` or `env-file` in a text may be anything. */
const DISTINCT = {
  providers: ["keywhiz", "azure-key-vault", "aws-kms", "aws-ssm", "aws-secrets-manager", "gcp-secret-manager"],
  migrations: ["quadlet", "docker-container"],
} as const;

/** The files outside a plug-in's folder whose code names it: as a text or in an import. */
function touching(folder: string, tree: Tree): string[] {
  const [, name = ""] = folder.split("/");
  const named = new RegExp(`["'\`/]${name}["'\`/]`);
  const code = (text: string): string => text.replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, "");
  return [...tree].flatMap(([file, text]) => (!file.startsWith(`${folder}/`) && named.test(code(text)) ? [file] : []));
}

/** Lines of every function that has a name or is assigned to one. */
function functionLengths(file: string, text: string): number[] {
  const lengths: number[] = [];
  const lines = (start: number, end: number): number => text.slice(start, end).split("\n").length;
  const visit = (node: unknown, isNamed: boolean): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, isNamed);
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    const { type, start, end } = node as { type?: string; start: number; end: number };
    const isFunction = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type ?? "");
    if (isFunction && (isNamed || type === "FunctionDeclaration")) lengths.push(lines(start, end));
    const naming = /^(?:VariableDeclarator|MethodDefinition|Property|PropertyDefinition)$/.test(type ?? "");
    for (const value of Object.values(node)) visit(value, naming);
  };
  visit(parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }), false);
  return lengths;
}

function numbersOf(tree: Tree): { readonly [line: string]: string } {
  const imports = importsOf(tree);
  const folders = (top: string): string[] =>
    [...new Set([...tree.keys()].filter((file) => file.split("/").length > 2).map(roomOf))].filter((room) =>
      room.startsWith(`${top}/`),
    );
  const formats = folders("migrations").map((room) => filesOf(room.slice("migrations/".length), imports));
  const roomsOfFormats = formats.map((files) => new Set([...files].map(roomOf)).size);
  const arrows = new Set([...imports].flatMap(([from, all]) => all.map((to) => `${roomOf(from)} ${roomOf(to)}`)));
  const between = [...arrows].filter((arrow) => new Set(arrow.split(" ")).size === 2);
  const lines = [...tree.values()].map(linesOf);
  const functions = [...tree].flatMap(([file, text]) => functionLengths(file, text));
  const touched = (top: keyof typeof DISTINCT): number[] =>
    DISTINCT[top].map((name) => touching(`${top}/${name}`, tree).length);
  return {
    "rooms that a format is found in, median and most": spread(roomsOfFormats),
    "files outside its folder that name a store, median and most": spread(touched("providers")),
    "files outside its folder that name a format, median and most": spread(touched("migrations")),
    rooms: String(new Set([...tree.keys()].map(roomOf)).size),
    "arrows between rooms": String(between.length),
    "product files": String(tree.size),
    "product lines": String(lines.reduce((sum, one) => sum + one, 0)),
    "lines of a file, median and most": spread(lines),
    functions: String(functions.length),
    "lines of a function, median and most": spread(functions),
    "functions of more than 60 lines": String(functions.filter((one) => one > 60).length),
  };
}

function spread(all: readonly number[]): string {
  const sorted = all.toSorted((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)] ?? 0}, ${sorted.at(-1) ?? 0}`;
}

function printNumbers(commits: readonly string[]): void {
  const columns = (commits.length === 0 ? [null] : commits).map((commit) => numbersOf(treeAt(commit)));
  const rows = Object.keys(columns[0] ?? {}).map((name) => [name, ...columns.map((one) => one[name] ?? "")]);
  for (const row of [["", ...(commits.length === 0 ? ["now"] : commits)], rows[0]?.map(() => "---") ?? [], ...rows])
    console.log(`| ${row.join(" | ")} |`);
}

const args = process.argv.slice(2);
if (args[0] === "--budget")
  writeFileSync(BUDGET, `${JSON.stringify({ ...readBudget(), lines: linesOfRooms(treeNow()) }, null, 2)}\n`);
else printNumbers(args);
