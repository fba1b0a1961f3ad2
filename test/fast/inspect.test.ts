import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Source, SourceReading } from "../../src/contract/source.ts";
import { readSource } from "../../src/core/read-source.ts";
import { detectorFor, kit, ruleById } from "../../src/detect/index.ts";
import type { FastSource, Inspect } from "../../src/fast/index.ts";
import { inspectFast } from "../../src/fast/lane.ts";
import { inspectPlain } from "../../src/fast/plain.ts";
import { openPool } from "../../src/fast/workers/pool.ts";
import { LayerCache } from "../../src/images/layers/index.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { NO_FACTS, locationAt } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { archiveSource } from "../../src/sources/archive.ts";
import { dirSource } from "../../src/sources/dir.ts";
import { inspectReading, inspectSource } from "../../src/sources/inspect-file.ts";
import { fleet } from "../eval/fleet.ts";
import { file, gone, saved, tar } from "../images/layers/tar-bytes.ts";
import { SEED } from "../support/deep.ts";

/** Whatever classifies it, a source has the same secrets: in one thread, and in several. */

const UNTUNED = { ruleSets: [], off: new Set<string>(), severity: new Map(), stopWords: [], ignore: [] };
const make = kit(SEED);
const token = (): string => (ruleById("github-token")?.examples(make)[0] ?? "") as string;
const detector = async () => detectorFor(UNTUNED);
const shared = openPool(UNTUNED, inspectReading);
/** One for all tests, since starting threads takes longer than what they do here. */
const pool = async () => ({ ...shared, close: () => Promise.resolve() });

const plain = inspectPlain(detector);
const fast: readonly (readonly [name: string, inspect: Inspect])[] = [
  ["threads, as this machine has them", inspectFast({ detector, pool, tuned: false })],
  // More threads are asked to parse batches themselves.
  [
    "threads, as a larger machine would use them",
    inspectFast({ detector, pool: async () => ({ ...(await pool()), size: 8 }), tuned: true }),
  ],
];

type Outcome = { readonly secrets: readonly string[]; readonly errors: readonly string[]; readonly counts: string };

async function outcome(
  inspect: Inspect,
  source: FastSource,
  what: string,
  options: { readonly layers?: boolean; readonly neighbours?: boolean } = {},
): Promise<Outcome> {
  const { layers = false, neighbours = false } = options;
  const secrets: string[] = [];
  let beside = 0;
  const read = await readSource(
    `${source.kind}:${what}`,
    { source, what },
    {
      inspect,
      neighbours,
      tell: ({ candidate, verdict, masked, part }, reading) => {
        const of = createHash("sha256").update(part.expose()).update(candidate.value.expose()).digest("hex");
        const { facts, exposure } = reading;
        secrets.push(JSON.stringify([candidate.location, candidate.name, verdict, masked, of, facts, exposure]));
        if (neighbours && reading.kind === "subject") beside += reading.candidates.length;
      },
      subject: () => undefined,
      options: { layers },
      kept: null,
      among: () => true,
    },
    { emit: () => undefined, ask: () => Promise.reject(new Error("nobody answers")), signal: AbortSignal.any([]) },
  );
  return {
    secrets: secrets.sort(),
    errors: read.errors.map(({ subject, message }) => `${subject}: ${message}`).sort(),
    counts: `${read.subjects} subjects, ${read.values} values, ${beside} beside`,
  };
}

const dir = mkdtempSync(join(tmpdir(), "unsprawl-inspect-"));
const written = (name: string, text: string | Buffer): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
let printed = "";

beforeAll(() => {
  fleet({ seed: SEED, containers: 200, out: dir, files: false });
  printed = readFileSync(join(dir, "inspect.json"), "utf8");
});
afterAll(async () => {
  await shared.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The middle of the printed array, at an element's end. */
const middle = (): number => printed.indexOf("\n},\n{", printed.length / 2) + 3;
const image = (): string =>
  JSON.stringify({ Id: "sha256:1", RepoTags: ["app:1"], Config: { Env: [`TOKEN=${token()}`] } }, null, 4);
const documents: readonly (readonly [name: string, text: () => string])[] = [
  ["as the engine prints them", () => printed],
  ["one a line", () => (JSON.parse(printed) as unknown[]).map((one) => JSON.stringify(one)).join("\n")],
  ["with an image among them", () => `${printed.slice(0, middle())}\n${image()},${printed.slice(middle())}`],
  [
    "with one that looks like the end of two",
    () => printed.replace(/\n {4}\},/g, (all, at) => (at > middle() ? "\n}," : all)),
  ],
  ["with what is no container", () => `${printed.slice(0, middle())}\n{\n  "a": 1\n},${printed.slice(middle())}`],
  ["cut off", () => printed.slice(0, -1000)],
];

describe.each(fast)("%s", (_, inspect) => {
  test.each(documents)(
    "inspect documents %s",
    async (name, text) => {
      const what = written(`${name}.json`, text());
      const source = { ...inspectSource(() => expect.unreachable()), threaded: true } as const;
      const expected = await outcome(plain, source, what);
      expect(expected.secrets.length).toBeGreaterThan(10);
      expect(await outcome(inspect, source, what)).toEqual(expected);
    },
    60_000,
  );

  test("each secret with its neighbours", async () => {
    const source = inspectSource(() => expect.unreachable());
    const what = join(dir, "inspect.json");
    const expected = await outcome(plain, source, what, { neighbours: true });
    expect(expected.counts).not.toMatch(/\b0 beside/);
    expect(await outcome(inspect, source, what, { neighbours: true })).toEqual(expected);
  }, 60_000);

  test("files, more than one job has, large ones and one that is gone", async () => {
    const folder = join(dir, "files");
    mkdirSync(folder, { recursive: true });
    for (let at = 0; at < 70; at++) written(`files/${at}.env`, `A=1\nDB_TOKEN=${token()}\n`);
    written("files/large.log", `${"all is well\n".repeat(1_600_000)}${token()}\n`);
    written("files/binary", Buffer.concat([Buffer.alloc(100), Buffer.from(token())]));
    const source: FastSource = {
      ...dirSource("/"),
      async *read(...request) {
        yield* dirSource("/").read(...request);
        const subject = { kind: "file", name: "gone", id: "gone" } as const;
        yield { kind: "file", source: "dir:x", subject, facts: NO_FACTS, file: join(dir, "gone"), exposure: [] };
      },
    };
    symlinkSync("nowhere", join(folder, `link-${Math.random()}`));
    const expected = await outcome(plain, source, folder);
    expect(expected.errors).toEqual(["gone: cannot be read: ENOENT"]);
    expect(expected.secrets).toHaveLength(71);
    expect(await outcome(inspect, source, folder)).toEqual(expected);
  }, 60_000);

  test("layers of an image", async () => {
    const lower = tar(file("etc/a.env", `T=${token()}\n`), file("srv/b.env", `T=${token()}\n`));
    const upper = tar(gone("etc/a.env"), file("c.env", `${"#\n".repeat(1_500_000)}T=${token()}\n`));
    const what = written("image.tar", saved({ tag: "app:1", layers: [lower, upper] }));
    const source = (): FastSource => archiveSource("/", new LayerCache());
    const expected = await outcome(plain, source(), what, { layers: true });
    expect(expected.secrets.map((one) => /"path":"([^"]*)"/.exec(one)?.[1])).toEqual([
      "/c.env line 1500001, layer 2 of 2",
      "/etc/a.env line 1, layer 1 of 2, deleted in layer 2",
      "/srv/b.env line 1, layer 1 of 2",
    ]);
    expect(await outcome(inspect, source(), what, { layers: true })).toEqual(expected);
  }, 60_000);

  test("a source that knows nothing but the contract", async () => {
    const subject = { kind: "file", name: "one", id: "one" } as const;
    const location = locationAt("mine:x", subject, "env", { kind: "field", field: "Env", index: 0 });
    const mine: Source = {
      kind: "mine",
      async *read(): AsyncGenerator<SourceReading> {
        yield { kind: "total", subjects: 3 };
        const candidates: readonly Candidate[] = [
          { name: "API_TOKEN", value, location },
          { name: "LOG_LEVEL", value: Secret.of("debug"), location },
        ];
        yield { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: ["anyone"] };
        yield { kind: "file", source: "mine:x", subject, facts: NO_FACTS, file: readable, exposure: [] };
        const about = { kind: "subject", name: "two", id: "two" } as const;
        yield { kind: "error", subject: "two", about, message: "cannot be read", hint: "try again" };
      },
    };
    const value = Secret.of(token());
    const readable = written("mine.env", `A=1\nAPI_TOKEN=${token()}\n`);
    const expected = await outcome(plain, mine, "x");
    expect(expected).toMatchObject({ errors: ["two: cannot be read"], counts: "2 subjects, 2 values, 0 beside" });
    expect(expected.secrets).toHaveLength(2);
    expect(await outcome(inspect, mine, "x")).toEqual(expected);
  });
});

test("a thread that fails is an error of what it read, and leaves the process", async () => {
  const failing = inspectFast({
    detector,
    pool: async () => ({ ...(await pool()), files: () => Promise.reject(new Error("the thread is gone")) }),
    tuned: false,
  });
  written("one.env", "A=1\n");
  const { errors } = await outcome(failing, dirSource("/"), join(dir, "one.env"));
  expect(errors).toEqual([expect.stringContaining("unexpected error (Error)")]);
});
