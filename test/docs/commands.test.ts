import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { SOURCES, STORES } from "../../src/assembly/plug-ins.ts";
import { configJsonSchema } from "../../src/build/json-schema.ts";
import { COMMANDS } from "../../src/cli/specs/index.ts";
import { nameOf } from "../../src/cli/specs/spec.ts";
import { main } from "../../src/cli/index.ts";
import { render } from "../../src/cli/views/index.ts";
import { parseConfig } from "../../src/core/config/file.ts";
import { finding, reportWith } from "../support/reports.ts";
import { commandLines, fencedBlocks, readPage, USER_PAGES } from "./typed.ts";

// Every command line and every configuration on a page is one that unsprawl takes.

const schema = new Ajv2020({ strict: false, unicodeRegExp: true }).compile(await configJsonSchema());
const configurations = USER_PAGES.flatMap((page) =>
  fencedBlocks(readPage(page))
    .filter(({ language, text }) => language === "yaml" && text.startsWith("# unsprawl.yaml"))
    .map(({ text }) => [page, text] as const),
);
const storeNames = new Set([
  ...STORES.map(({ name }) => name),
  ...configurations.flatMap(([, text]) => Object.keys((parse(text) as { stores?: object }).stores ?? {})),
]);

let said = "";
beforeEach(() => {
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const kinds = [...SOURCES.map(({ kind }) => kind), ...storeNames, "STORE"];

/** What is wrong with a command line; null if the command would run. */
async function fault(words: readonly string[]): Promise<string | null> {
  const isEach = COMMANDS.some((spec) => spec.eachHost === true && nameOf(spec) === words[0]);
  // The hosts are those of a configuration, which a page's command line does not have here.
  const argv = isEach ? withoutHosts(words) : words;
  // Sources and flags alone open the terminal UI.
  if (argv.every((word) => kinds.includes(word.split(":")[0] ?? "") || word.startsWith("-"))) return null;
  const given: { args: readonly string[]; to: readonly string[] }[] = [];
  for (const spec of COMMANDS)
    vi.spyOn(spec, "load").mockResolvedValue({
      run: async (_context, args, options) => {
        given.push({ args, to: [options["to"] ?? []].flat().map(String) });
        return 0;
      },
    });
  const exit = await main(argv);
  if (exit !== 0 || given[0] === undefined) return said === "" ? `exit ${exit}` : said;
  const { args, to } = given[0];
  const sources = ["scan", "plan", "migrate"].includes(argv[0] ?? "") ? args : [];
  const unknown = [
    ...sources.filter((one) => !kinds.includes(one.split(":")[0] ?? "") && !one.startsWith("SOURCE")),
    ...to.filter((one) => !storeNames.has(one) && one !== "STORE"),
  ];
  return unknown.length === 0 ? null : `unknown: ${unknown.join(", ")}`;
}

function withoutHosts(words: readonly string[]): readonly string[] {
  const at = words.indexOf("--hosts");
  if (at < 0) return words;
  const named = words[at + 1]?.startsWith("-") === false ? 2 : 1;
  return [...words.slice(0, at), ...words.slice(at + named)];
}

test.each(USER_PAGES.filter((page) => commandLines(readPage(page)).length > 0))(
  "every command line of %s can be typed",
  async (page) => {
    const faults: string[] = [];
    for (const argv of commandLines(readPage(page))) {
      const wrong = await fault(argv);
      if (wrong !== null) faults.push(`unsprawl ${argv.join(" ")}: ${wrong}`);
    }
    expect(faults).toEqual([]);
  },
);

test("a command line that cannot be typed is seen", async () => {
  expect(await fault(["scan", "--fail-on", "sometimes"])).toMatch(/sometimes/);
  expect(await fault(["scan", "dokcer:web"])).toMatch(/unknown: dokcer:web/);
  expect(await fault(["migrate", "--to", "nowhere"])).toMatch(/unknown: nowhere/);
  expect(
    commandLines("```\n$ docker x | unsprawl scan 'a b' | cat\n```\n`unsprawl runs` `unsprawl runs RUN`\n"),
  ).toEqual([
    ["scan", "a b"],
    ["runs", "RUN"],
  ]);
});

test.each(configurations)("a configuration of %s is accepted", async (_page, text) => {
  expect(schema(parse(text)), JSON.stringify(schema.errors)).toBe(true);
  expect((await parseConfig(text, "unsprawl.yaml", [])).config).toBeDefined();
});

test("docs/json.md shows keys that a report has", async () => {
  const [example] = fencedBlocks(readPage("docs/json.md")).filter(({ language }) => language === "json");
  const real = await render(reportWith([finding(0)]), "json", { terminal: false, cwd: "/", fails: () => false });
  expect(
    keysOf(JSON.parse(example?.text ?? "") as Json).filter((key) => !keysOf(JSON.parse(real) as Json).includes(key)),
  ).toEqual([]);
});

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Each key as a path; `[]` for what is in a list. */
function keysOf(value: Json, at = ""): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((one) => keysOf(one, `${at}[]`));
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([key, one]) => [`${at}.${key}`, ...keysOf(one, `${at}.${key}`)]);
}

test("the recipes of docs/ci.md use inputs, variables and hooks that are there", () => {
  const file = (name: string): Recipe => parse(readPage(name)) as Recipe;
  const [workflow, gitlab, preCommit] = fencedBlocks(readPage("docs/ci.md"))
    .filter(({ text }) => /^# \.(?:github|gitlab|pre-commit)/.test(text))
    .map(({ text }) => parse(text) as Recipe);
  const given = workflow?.jobs?.["unsprawl"]?.steps.flatMap((step) => Object.keys(step.with ?? {})) ?? [];
  expect(given).toEqual(Object.keys(file("action.yml").inputs ?? {}));
  const variables = file("docs/ci/unsprawl.gitlab-ci.yml").unsprawl?.variables ?? {};
  expect(Object.keys(gitlab?.unsprawl?.variables ?? {})).toEqual(Object.keys(variables));
  const hooks = parse(readPage(".pre-commit-hooks.yaml")) as readonly { readonly id: string }[];
  expect(hooks.map(({ id }) => id)).toContain(preCommit?.repos?.[0]?.hooks[0]?.id);
});

type Recipe = {
  readonly jobs?: { readonly [job: string]: { readonly steps: readonly { readonly with?: object }[] } };
  readonly inputs?: object;
  readonly unsprawl?: { readonly variables?: object };
  readonly repos?: readonly { readonly hooks: readonly { readonly id: string }[] }[];
};
