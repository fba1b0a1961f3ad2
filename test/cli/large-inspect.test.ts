import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { makeWorld } from "../support/world.ts";

/** Large input is cut into batches that threads read: what is said of it is the same as when it is read one by one. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const make = kit(SEED);
const IMAGE = `sha256:${"1".repeat(64)}`;
const bad = new Set([7, 1503, 2599]);

function container(at: number): object {
  if (bad.has(at)) return { Name: "/no-id" };
  const env = [`BUILD=${at}`, `LOG_LEVEL=info`, `PADDING=${"all work and no play ".repeat(40)}`];
  if (at % 100 === 3) env.push(`DB_PASSWORD=${make.base64(15)}`);
  return {
    Id: String(at).padStart(64, "0"),
    Name: `/box-${at}`,
    Image: IMAGE,
    HostConfig: { LogConfig: { Config: {} } },
    Config: { Image: "shop:1", Env: env, Labels: { note: `{\n    }\n${at}` } },
  };
}

const documents = Array.from({ length: 2600 }, (_, at) => container(at));
const image = {
  Id: IMAGE,
  RepoTags: ["shop:1"],
  Architecture: "amd64",
  Os: "linux",
  Config: { Env: ["LOG_LEVEL=info"] },
};

type Report = {
  readonly sources: readonly { readonly subjects: number; readonly errors: readonly { readonly subject: string }[] }[];
  readonly findings: readonly { readonly id: string; readonly location: { readonly subjectName: string } }[];
  readonly summary: { readonly values: number };
};

async function scan(
  text: string,
): Promise<Omit<Report, "sources"> & { readonly subjects: number; readonly errors: readonly string[] }> {
  writeFileSync(join(world.dir, "fleet.json"), text);
  const { stdout, code } = await world.unsprawl(["scan", "inspect:fleet.json", "--json"]);
  expect(code).toBe(1);
  const { sources, findings, summary } = JSON.parse(stdout) as Report;
  const [only] = sources;
  return {
    findings,
    summary: { values: summary.values },
    subjects: only?.subjects ?? 0,
    errors: only?.errors.map(({ subject }) => subject) ?? [],
  };
}

test.each<[string, readonly object[]]>([
  ["containers alone", documents],
  ["with the image in the middle", [...documents.slice(0, 900), image, ...documents.slice(900)]],
])("%s", async (_what, all) => {
  const batches = await scan(`${JSON.stringify(all, null, 4)}\n`);
  expect(batches.findings).toHaveLength(25);
  expect(batches.errors).toEqual(all.flatMap((one, at) => ("Id" in one ? [] : [`document ${at}`])));
  expect(batches).toEqual(await scan(all.map((one) => `${JSON.stringify(one)}\n`).join("")));
});

test("an array for each few containers, as xargs makes them, is the same", async () => {
  const arrays = Array.from({ length: 26 }, (_, at) => documents.slice(at * 100, at * 100 + 100));
  const several = await scan(arrays.map((one) => `${JSON.stringify(one, null, 4)}\n`).join(""));
  expect(several).toEqual(await scan(JSON.stringify(documents)));
});

test("a container with an odd part is told by its name, and is read like all others", async () => {
  const odd = documents.map((one, at) => {
    if (at % 400 !== 103) return one;
    const { Config, ...rest } = one as { readonly Config: { readonly Env: readonly string[] } };
    return { ...rest, Config: { ...Config, Env: [...Config.Env, 1] } };
  });
  const { errors, ...rest } = await scan(`${JSON.stringify(odd, null, 4)}\n`);
  const whole = await scan(`${JSON.stringify(documents, null, 4)}\n`);
  expect(errors).toEqual(
    ["document 7", "box-103", "box-503", "box-903", "box-1303", "document 1503", "box-1703", "box-2103"].concat(
      "box-2503",
      "document 2599",
    ),
  );
  expect({ ...rest, errors: whole.errors }).toEqual(whole);
});

test("text that goes wrong late is told with its place, behind all that was found before", async () => {
  const text = JSON.stringify(documents, null, 4);
  const cut = text.lastIndexOf('"PADDING=');
  const { findings, subjects, errors } = await scan(`${text.slice(0, cut)}!${text.slice(cut)}`);
  expect([findings.length, subjects]).toEqual([25, 2596]);
  expect(errors.slice(0, -1)).toEqual(["document 7", "document 1503"]);
  expect(Number(/^character (\d+)$/.exec(errors.at(-1) ?? "")?.[1])).toBeGreaterThan(cut);
  const torn = await scan(text.slice(0, cut));
  expect([torn.findings.length, torn.subjects, torn.errors.at(-1)]).toEqual([25, 2596, `character ${cut}`]);
});

test("text that goes wrong in the middle keeps what stands before it, once, and nothing behind", async () => {
  const text = JSON.stringify(documents, null, 4);
  const cut = text.indexOf('"BUILD=1300"');
  const { findings, subjects, errors } = await scan(`${text.slice(0, cut)}!${text.slice(cut)}`);
  expect([findings.length, subjects]).toEqual([13, 1299]);
  expect(errors).toEqual(["document 7", expect.stringMatching(/^character \d+$/)]);
});

test("a thread that was started for nothing holds nobody up, and says nothing", async () => {
  writeFileSync(join(world.dir, "fleet.json"), JSON.stringify(documents));
  const bogus = await world.unsprawl(["scan", "inspect:fleet.json", "--bogus"]);
  expect([bogus.code, bogus.stderr]).toEqual([2, expect.stringMatching(/^error: unknown option '--bogus'\n.*\n$/)]);
  const nowhere = await world.unsprawl(["scan", "dir:nowhere"]);
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/^error: no folder .*\n.*\n$/)]);
  // Names that no file can have are told by the source.
  const odd = await world.unsprawl(["scan", "inspect:", "dir:fleet.json"]);
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("inspect: needs a file")]);
});
