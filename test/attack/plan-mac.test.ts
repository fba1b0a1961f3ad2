/** Saved plans lie in folders of other people, who change what is in them before somebody else applies them. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { canonical, mac, macHolds } from "../../src/model/mac.ts";
import { mustBeOurs, signPlan } from "../../src/core/journal/signed-plan.ts";
import type { Plan } from "../../src/model/plan.ts";
import { planOf } from "../core/fixtures.ts";
import { password } from "../migrations/files-world.ts";
import { installationOf } from "../support/signed.ts";
import { makeWorld, type Ran } from "../support/world.ts";

const OTHER = { uid: 12_345, gid: 12_345 };
const world = makeWorld("unix:///nonexistent");
// With a digit: what is letters alone could be a word, which no output masks inside another.
const value = `${password()}7q4`;
/** The attacker's: root saves a plan here, and the attacker may replace it. */
const theirs = mkdtempSync(join(tmpdir(), "unsprawl-theirs-"));
const saved = join(theirs, "plan.json");
const envFile = join(world.dir, "app.env");
const asked: string[] = [];
let server: Server;

beforeAll(async () => {
  chmodSync(theirs, 0o755);
  chownSync(theirs, OTHER.uid, OTHER.gid);
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(theirs, { recursive: true, force: true });
  world.remove();
});

async function planned(): Promise<Plan> {
  rmSync(saved, { force: true });
  writeFileSync(envFile, `DB_PASSWORD=${value}\n`);
  const ran = await world.unsprawl(["plan", `env:${envFile}`, "--to", "local", "-o", saved, "--fail-on", "never"]);
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(readFileSync(saved, "utf8")) as Plan;
}

/** The attacker puts a file of theirs in place of the plan, which they cannot read themselves. */
function replacePlan(text: string): void {
  const script = `const fs = require("node:fs"); fs.rmSync("plan.json", { force: true });
    fs.writeFileSync("plan.json", fs.readFileSync(0), { mode: 0o644 });`;
  execFileSync(process.execPath, ["-e", script], { ...OTHER, cwd: theirs, env: {}, input: text });
}

function expectRefused(ran: Ran): void {
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("not made by this installation")]);
  expect(ran.stderr).toContain("next: unsprawl plan");
  expect(readFileSync(envFile, "utf8")).toBe(`DB_PASSWORD=${value}\n`);
  expect(existsSync(join(world.dir, "secrets"))).toBe(false);
  expect(asked).toEqual([]);
}

describe("a plan that somebody changed is refused before anything it names is reached", () => {
  const token = password();
  const evil = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const changes: readonly (readonly [what: string, change: (plan: Plan) => object])[] = [
    [
      "the store's address",
      (plan) => ({ ...plan, store: { name: "vault", provider: "vault", settings: { address: evil() } } }),
    ],
    [
      "another file to write",
      ({ steps, ...plan }) => ({
        ...plan,
        steps: steps.map((step) =>
          step.kind === "rewrite" ? { ...step, files: step.files.map((one) => ({ ...one, file: "/etc/x" })) } : step,
        ),
      }),
    ],
    ["its code taken out", ({ mac: _code, ...plan }) => plan],
    ["its code emptied", (plan) => ({ ...plan, mac: "" })],
    ["a code of another kind", (plan) => ({ ...plan, mac: { toString: "x" } })],
    ["something added that nobody reads", (plan) => ({ ...plan, note: "x" })],
  ];
  it.each(changes)("%s", async (_what, change) => {
    replacePlan(JSON.stringify(change(await planned())));
    expectRefused(await world.unsprawl(["apply", saved], { env: { VAULT_TOKEN: token } }));
  });

  it("a plan of another installation, under its key", async () => {
    const other = fingerprintKey(Buffer.alloc(32, 7));
    const plan = signPlan({ ...(await planned()), keyId: other.id }, other);
    replacePlan(JSON.stringify(plan));
    const ran = await world.unsprawl(["apply", saved]);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("another fingerprint key")]);
    expect(readFileSync(envFile, "utf8")).toContain(value);
  });

  it("the same plan, its members in another order and indented, is applied", async () => {
    const turned = (one: unknown): unknown =>
      Array.isArray(one)
        ? one.map(turned)
        : typeof one === "object" && one !== null
          ? Object.fromEntries(
              Object.entries(one)
                .map(([name, it]) => [name, turned(it)] as const)
                .toReversed(),
            )
          : one;
    writeFileSync(saved, JSON.stringify(turned(await planned()), null, 2));
    const ran = await world.unsprawl(["apply", saved]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(readFileSync(envFile, "utf8")).toMatch(/^DB_PASSWORD=ref\+sops:/);
  });
});

describe("codes", () => {
  const { key } = installationOf(world);

  it("are of one purpose, one key and one message", () => {
    const code = mac("x", "plan", key);
    expect(code).toMatch(/^[0-9a-f]{64}$/);
    expect(macHolds(code, "x", "plan", key)).toBe(true);
    const others = [
      mac("x", "journal", key),
      mac("x", "plan", fingerprintKey(Buffer.alloc(32, 1))),
      mac("y", "plan", key),
    ];
    for (const other of [...others, "", null, undefined, 1, code.slice(1), `${code}0`, code.toUpperCase()])
      expect(macHolds(other, "x", "plan", key)).toBe(false);
  });

  it("tell documents apart that look alike", () => {
    const documents = [
      { a: [] },
      { a: {} },
      { a: "[]" },
      { a: [null] },
      { a: null },
      {},
      { b: 1, a: 2 },
      { ab: [1, 2] },
    ];
    expect(new Set(documents.map(canonical)).size).toBe(documents.length);
    expect(canonical(JSON.parse('{"b":{"d":1,"c":2},"a":"é","__proto__":3}'))).toBe(
      '{"__proto__":3,"a":"é","b":{"c":2,"d":1}}',
    );
    expect(canonical({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
  });

  it("of a document that is nested beyond all measure do not hold, and nothing breaks", () => {
    const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`) as never;
    const plan = { ...planOf("20260101-000000-aaaa"), keyId: key.id, notMoved: deep, mac: "00" };
    expect(() => mustBeOurs(plan, key)).toThrow(expect.objectContaining({ code: "refused" }) as Error);
  });
});

it("a plan holds no text that its view would have masked, in any of its diffs and notes", async () => {
  const file = join(world.dir, "notes.env");
  writeFileSync(file, `API_TOKEN=${value}\n`);
  const out = join(world.dir, "notes.json");
  const ran = await world.unsprawl(["plan", `env:${file}`, "--to", "local", "-o", out, "--fail-on", "never"]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(readFileSync(out, "utf8")).not.toContain(value);
  // A value that is also a file's name cannot be masked in it: such a plan is not written to a file.
  const named = join(world.dir, `${value}.env`);
  writeFileSync(named, `API_TOKEN=${value}\n`);
  const open = join(world.dir, "open.json");
  const refused = await world.unsprawl(["plan", `env:${named}`, "--to", "local", "-o", open, "--fail-on", "never"]);
  expect([refused.code, existsSync(open)]).toEqual([1, false]);
  expect(refused.stderr).toContain("unsprawl migrate");
  expect(refused.stderr + refused.stdout).not.toContain(value);
});
