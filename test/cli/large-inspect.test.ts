import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { makeWorld } from "../support/world.ts";

/** Large input is cut into batches that threads read: what is said of it is the same as when it is read one by one. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const make = kit(Date.now());
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

test("text that goes wrong late is malformed, with its place", async () => {
  const text = JSON.stringify(documents, null, 4);
  const cut = text.lastIndexOf('"PADDING=');
  writeFileSync(join(world.dir, "broken.json"), `${text.slice(0, cut)}!${text.slice(cut)}`);
  const { code, stderr, stdout } = await world.unsprawl(["scan", "inspect:broken.json"]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(Number(/character (\d+)/.exec(stderr)?.[1])).toBeGreaterThan(cut);
});
