import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import type { Host } from "../../src/contract/host.ts";
import type { Router } from "../../src/core/route.ts";
import type { Migration } from "../../src/contract/migration.ts";
import type { Provider, Stored } from "../../src/contract/provider.ts";
import type { Mapping, UnitMapping } from "../../src/core/config/mapping.ts";
import { forgetValues } from "../../src/core/forget.ts";
import { buildPlan } from "../../src/core/plan.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprint, fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Plan } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { hitOf } from "./fixtures.ts";
import type { PlanInput, PlanTools } from "../../src/core/plan-input.ts";
import type { ScanHit } from "../../src/core/scan-hit.ts";

const key = fingerprintKey(createHash("sha256").update("a test's key").digest());
const { DB_PASSWORD: one = "", API_TOKEN: two = "" } = twelveSecrets();

const host: Host = { emit: () => undefined, ask: async () => false, signal: new AbortController().signal };

const hit = (subject: string, name: string, value: string): ScanHit => hitOf(subject, name, Secret.of(value), key);

/** A store in memory whose keys are what `path` makes of the names. */
function storeOf(held: { readonly [at: string]: string } = {}, path = "{subject}"): Provider {
  const at = (from: { path: string; field: string }): string => `${from.path}/${from.field}`;
  return {
    target: { name: "mem", provider: "mem", settings: {} },
    key: ({ subject, name }) => ({ path: path.replace("{subject}", subject), field: name }),
    names: ({ path: subject, field: name }) => ({ subject, project: "", name }),
    list: async () => [],
    policy: async () => "",
    reference: (from) => `ref+mem://${from.path}#/${from.field}`,
    parse: () => null,
    get: async (from): Promise<Stored | null> =>
      held[at(from)] === undefined ? null : { value: Secret.of(held[at(from)] ?? ""), version: "1" },
    put: vi.fn<Provider["put"]>(),
    remove: vi.fn<Provider["remove"]>(),
    check: async () => [],
    issueReader: async () => ({ config: {}, files: [] }),
  };
}

function migrationOf(more: Partial<Migration> = {}): Router {
  const never = (): never => {
    throw new Error("planning does nothing");
  };
  return {
    name: "fake",
    assigned: new Map(),
    unit: async ({ location }) => ({ id: location.subjectId, name: location.subjectName }),
    engine: async () => ({ id: "E", address: "unix:///x" }),
    refuses: async () => null,
    names: async (finding) => ({ subject: finding.location.subjectName, project: "" }),
    plan: async (unit, selected) => ({
      unit,
      warnings: [`${unit} warned`],
      steps: [
        {
          id: `deliver:${unit}`,
          kind: "deliver",
          unit,
          delivery: "shim",
          why: "w",
          moves: selected.map((each) => each.move),
        },
      ],
    }),
    read: never,
    unchanged: never,
    perform: never,
    undo: never,
    scrub: never,
    render: never,
    ...more,
  };
}

async function plan(
  hits: readonly ScanHit[],
  provider = storeOf(),
  migration = migrationOf(),
  more: Partial<PlanInput> = {},
  tools: Partial<PlanTools> = {},
): Promise<Plan> {
  const input = {
    hits,
    deliver: "auto",
    overwrite: false,
    accept: new Set<string>(),
    graceMs: 1,
    healthTimeoutMs: 1,
    ...more,
  } as const;
  return buildPlan(
    input,
    { migration, provider, key, redact: (text) => text, usersOf: async () => [], ...tools },
    host,
  );
}

const ids = (made: Plan): string[] => made.steps.map((step) => step.id);

test("for each subject: all store writes, each read back, then the rest", async () => {
  const made = await plan([hit("a", "X", one), hit("b", "X", two), hit("a", "Y", two)]);
  expect(ids(made)).toEqual([
    "put:a/X",
    "put:a/Y",
    "verify:a/X",
    "verify:a/Y",
    "deliver:a",
    "put:b/X",
    "verify:b/X",
    "deliver:b",
  ]);
  expect(made.warnings).toEqual([
    { unit: "a", text: "a warned" },
    { unit: "b", text: "b warned" },
  ]);
  expect(made.id).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/);
  expect(made.keyId).toBe(key.id);
});

test("it holds no value, in any form, and writes nothing", async () => {
  const put = vi.fn<Provider["put"]>();
  const provider: Provider = { ...storeOf({ "a/X": two }), put };
  const text = JSON.stringify(
    await plan([hit("a", "X", one), hit("b", "X", two)], provider, migrationOf(), { overwrite: true }),
  );
  for (const value of [one, two]) {
    for (const encoding of ["utf8", "hex", "base64"] as const)
      expect(text).not.toContain(Buffer.from(value).toString(encoding));
    expect(text).not.toContain(createHash("sha256").update(value).digest("hex").slice(0, 16));
  }
  expect(put).not.toHaveBeenCalled();
});

test.each([
  ["nothing", {}, "absent", false],
  ["the same bytes", { "a/X": one }, "same", false],
])("a store that holds %s there: found is told", async (_what, held, found, overwrite) => {
  expect((await plan([hit("a", "X", one)], storeOf(held as { [at: string]: string }))).steps[0]).toMatchObject({
    kind: "put",
    found,
    overwrite,
  });
});

test("a store that holds another value there: not moved without --overwrite, and replaced with it", async () => {
  const provider = storeOf({ "a/X": two });
  const refused = await plan([hit("a", "X", one), hit("a", "Y", two), hit("b", "X", one)], provider);
  // Its neighbours move.
  expect(ids(refused)).toEqual(["put:a/Y", "verify:a/Y", "deliver:a", "put:b/X", "verify:b/X", "deliver:b"]);
  expect(refused.notMoved.map(({ finding }) => finding.name)).toEqual(["X"]);
  expect(refused.notMoved[0]?.hint).toContain("--overwrite");
  expect((await plan([hit("a", "X", one)], provider, migrationOf(), { overwrite: true })).steps[0]).toMatchObject({
    found: "other",
    overwrite: true,
  });
});

test("an entry that another unit uses: never replaced, with --overwrite or without, and the refusal names who uses it", async () => {
  const provider = storeOf({ "a/X": two });
  const usersOf: PlanTools["usersOf"] = async ({ path, field }, unit) =>
    `${path}/${field} ${unit}` === "a/X a" ? ["shop (run 20261125-000000-0001)", "container web"] : [];
  for (const more of [{}, { overwrite: true }, { mapping: { overwrite: true, units: new Map() } }]) {
    const made = await plan([hit("a", "X", one), hit("a", "Y", two)], provider, migrationOf(), more, { usersOf });
    expect(ids(made)).toEqual(["put:a/Y", "verify:a/Y", "deliver:a"]);
    expect(made.notMoved).toMatchObject([
      {
        finding: { name: "X" },
        reason: "a X holds another value, which shop (run 20261125-000000-0001), container web use",
      },
    ]);
    expect(made.notMoved[0]?.hint).not.toContain("--overwrite");
  }
});

test("a unit of which nothing moves is not planned by its migration", async () => {
  const planned = vi.fn<Migration["plan"]>();
  const made = await plan([hit("a", "X", one)], storeOf({ "a/X": two }), migrationOf({ plan: planned }));
  expect([made.steps, planned.mock.calls, made.notMoved.length]).toEqual([[], [], 1]);
});

test("a text that repeats a value which stays, stays with it; a copy of its container too", async () => {
  const text = hit("a", "Healthcheck", `curl -u x:${one}`);
  const part = { name: "X", value: Secret.of(one) };
  const migration = migrationOf({ part: async ({ finding }) => (finding.name === "Healthcheck" ? part : null) });
  const held = storeOf({ "a/X": two });
  const made = await plan([text, hit("a", "X", one), hit("a", "Y", two)], held, migration);
  expect(made.notMoved.map(({ finding }) => finding.name)).toEqual(["X", "Healthcheck"]);
  expect(ids(made)).toEqual(["put:a/Y", "verify:a/Y", "deliver:a"]);
  expect((await plan([text, hit("a", "X", one)], storeOf(), migration)).notMoved).toEqual([]);
});

test("a variable, or a project, whose name is too long for any store stays, and keeps no other", async () => {
  const long = "A".repeat(1025);
  const made = await plan([hit("a", "X", one), hit("a", long, two), hit("b".repeat(1025), "X", one)]);
  expect(ids(made)).toEqual(["put:a/X", "verify:a/X", "deliver:a"]);
  expect(made.notMoved.map(({ reason }) => reason)).toEqual([
    "its name has more than 1024 bytes",
    "the name of this {subject} has more than 1024 bytes",
  ]);
});

test("two values that would go to one place: the second is not moved, and is told how to part them", async () => {
  const made = await plan([hit("a", "X", one), hit("b", "X", two)], storeOf({}, "shared"));
  expect(ids(made)).toEqual(["put:a/X", "verify:a/X", "deliver:a"]);
  expect(made.notMoved).toMatchObject([
    { finding: { location: { subjectName: "b" } }, hint: expect.stringContaining("{subject}") as string },
  ]);
});

test("one value in two subjects may go to one place", async () => {
  expect((await plan([hit("a", "X", one), hit("b", "X", one)], storeOf({}, "shared"))).notMoved).toEqual([]);
});

test("a place that was claimed by a subject which then did not move is free for the next", async () => {
  const migration = migrationOf({
    plan: async (unit, selected, options) => {
      if (unit === "a") throw new UnsprawlError("refused", "no delivery fits");
      return migrationOf().plan(unit, selected, options);
    },
  });
  const made = await plan([hit("a", "X", one), hit("b", "X", two)], storeOf({}, "shared"), migration);
  expect(ids(made)).toEqual(["put:b/X", "verify:b/X", "deliver:b"]);
});

test("what the migration refuses is not moved, with its reason; the rest is", async () => {
  const migration = migrationOf({
    refuses: async (finding) => (finding.name === "X" ? { reason: "because", hint: "do" } : null),
  });
  const made = await plan([hit("a", "X", one), hit("a", "Y", two)], storeOf(), migration);
  expect(made.notMoved).toMatchObject([{ finding: { name: "X" }, reason: "because", hint: "do" }]);
  expect(ids(made)).toEqual(["put:a/Y", "verify:a/Y", "deliver:a"]);
});

test("a store that cannot be reached, or denies, ends the planning: nothing is left out silently", async () => {
  for (const code of ["denied", "unreachable", "throttled", "malformed"] as const) {
    const provider: Provider = { ...storeOf(), get: async () => Promise.reject(new UnsprawlError(code, "no")) };
    await expect(plan([hit("a", "X", one)], provider)).rejects.toMatchObject({ code });
  }
});

test("what is wrong with one unit keeps that unit; what concerns all ends the planning", async () => {
  const failing = (code: "failed" | "malformed" | "unreachable"): Router =>
    migrationOf({
      plan: async (unit, selected, options) => {
        if (unit === "a") throw new UnsprawlError(code, "its file is broken", "do");
        return migrationOf().plan(unit, selected, options);
      },
    });
  for (const code of ["failed", "malformed"] as const) {
    const made = await plan([hit("a", "X", one), hit("b", "X", two)], storeOf(), failing(code));
    expect(ids(made)).toEqual(["put:b/X", "verify:b/X", "deliver:b"]);
    expect(made.notMoved).toMatchObject([{ finding: { name: "X" }, reason: "its file is broken", hint: "do" }]);
  }
  await expect(plan([hit("a", "X", one)], storeOf(), failing("unreachable"))).rejects.toMatchObject({
    code: "unreachable",
  });
});

test("two containers of one name on the list are two subjects, by id", async () => {
  const twin = hit("a", "X", two);
  const other: ScanHit = {
    ...twin,
    finding: { ...twin.finding, location: { ...twin.finding.location, subjectId: "id-other" } },
  };
  const made = await plan([hit("a", "X", one), other]);
  expect(made.notMoved).toHaveLength(1);
});

test("a mapping decides place, delivery and what is accepted, for its unit alone", async () => {
  const asked: [string, string, string[]][] = [];
  const migration = migrationOf({
    refuses: async (finding, accept) => {
      if (finding.location.subjectName === "b" || accept.has("ports")) return null;
      return { reason: "ports", hint: "--accept ports" };
    },
    plan: async (unit, _selected, { deliver, accept }) => {
      asked.push([unit, deliver, [...accept]]);
      return { unit, warnings: [], steps: [] };
    },
  });
  const keys = new Map([["X", { path: "else/where", field: "F" }]]);
  const own: UnitMapping = { deliver: "shim", accept: ["ports"], keys };
  const mapping: Mapping = { overwrite: true, units: new Map([["a", own]]) };
  const held = storeOf({ "else/where/F": two });
  const made = await plan([hit("a", "X", one), hit("b", "X", one)], held, migration, { mapping });
  expect(asked).toEqual([
    ["a", "shim", ["ports"]],
    ["b", "auto", []],
  ]);
  const puts = made.steps.flatMap((step) => (step.kind === "put" ? [[step.id, step.move.key, step.overwrite]] : []));
  expect(puts).toEqual([
    ["put:a/X", { path: "else/where", field: "F" }, true],
    ["put:b/X", { path: "b", field: "X" }, false],
  ]);
  const without = await plan([hit("a", "X", one)], held, migration, { mapping: { ...mapping, units: new Map() } });
  expect(without.notMoved.map(({ reason }) => reason)).toEqual(["ports"]);
});

test("a value with two secrets moves once, and the other is not left over", async () => {
  const value = JSON.stringify({ db: one, api: two });
  const at = (part: string, path: string): ScanHit => {
    const first = hit("web", "SETTINGS", value);
    const finding = {
      ...first.finding,
      id: part.slice(0, 12),
      fingerprint: fingerprint(Secret.of(part), key),
      part: { in: "value", path, start: value.indexOf(part), length: part.length },
    } as const;
    return { ...first, finding, part: Secret.of(part) };
  };
  const made = await plan([at(one, "json → db"), at(two, "json → api"), hit("web", "OTHER", two)]);
  expect(made.steps.flatMap((step) => (step.kind === "put" ? step.move.name : []))).toEqual(["SETTINGS", "OTHER"]);
  expect(made.notMoved).toEqual([]);
  const [move, other] = made.steps.flatMap((step) => (step.kind === "put" ? step.move : []));
  expect(move?.secrets).toEqual([
    { rule: "r", path: "json → db", fingerprint: fingerprint(Secret.of(one), key) },
    { rule: "r", path: "json → api", fingerprint: fingerprint(Secret.of(two), key) },
  ]);
  expect(other?.secrets).toBeUndefined();
  // A scrubbed run keeps no fingerprint of either.
  const bare = JSON.stringify(await forgetValues(made, { provider: storeOf(), key }));
  for (const part of [one, two]) expect(bare).not.toContain(fingerprint(Secret.of(part), key));
  expect(bare).toContain("json → api");
});

test("a login that can end while the plan runs is said in the plan, and no other", async () => {
  const check = {
    id: "check:a",
    kind: "check",
    unit: "a",
    delivery: "shim",
    moves: [],
    graceMs: 1,
    tolerated: [],
  } as const;
  const migration = migrationOf({
    plan: async (unit) => ({ unit, warnings: [], steps: [{ ...check, healthTimeoutMs: 90_000 }] }),
  });
  const texts = async (endsInMs: number | null): Promise<readonly string[]> => {
    const loginEnds = async (): Promise<number | null> => (endsInMs === null ? null : Date.now() + endsInMs);
    return (await plan([hit("a", "X", one)], { ...storeOf(), loginEnds }, migration)).warnings.map(({ text }) => text);
  };
  expect(await texts(100_000)).toEqual([
    "the login at mem ends in 1 min and cannot be renewed; this plan can take 3 min: log in for longer before you apply it",
  ]);
  expect([await texts(200_000), await texts(null)]).toEqual([[], []]);
});
