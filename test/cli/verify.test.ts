import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kit, ruleById } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { inspected } from "../support/inspected.ts";
import { makeWorld } from "../support/world.ts";
import { replying, withDouble } from "../verify/double.ts";

/** `scan --verify` through the command, against a vendor's double on loopback. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const make = kit(SEED);
const token = (ruleById("github-token")?.examples(make)[0] ?? "") as string;
const password = make.base64(15);
const stdin = inspected({
  shop: { env: { GITHUB_TOKEN: token, DB_PASSWORD: password } },
  worker: { env: { GH_TOKEN: token } },
});

type Finding = { readonly name: string; readonly liveness: { readonly state: string; readonly why: string } | null };

async function scan(url: string, ...args: string[]): Promise<{ findings: Finding[]; text: string }> {
  writeFileSync(join(world.dir, "unsprawl.yaml"), `verify: { endpoints: { github: "${url}" } }\n`);
  const { stdout, stderr } = await world.unsprawl(["scan", "inspect:-", "--json", ...args], { stdin });
  for (const value of [token, password]) expect(stdout + stderr).not.toContain(value);
  return { findings: (JSON.parse(stdout) as { findings: Finding[] }).findings, text: stdout };
}

const statesOf = (findings: readonly Finding[]): { [name: string]: string | undefined } =>
  Object.fromEntries(findings.map(({ name, liveness }) => [name, liveness?.state]));

test("nothing is asked unless it is wanted", async () => {
  await withDouble(replying({ status: 200, body: '{"login":"octo"}' }), async ({ url, received }) => {
    const { findings } = await scan(url);
    expect(received).toEqual([]);
    for (const { liveness } of findings) expect(liveness).toBe(null);
  });
});

test("live is said, and equal secrets are asked about once", async () => {
  await withDouble(replying({ status: 200, body: '{"login":"octo"}' }), async ({ url, received }) => {
    const { findings } = await scan(url, "--verify");
    expect(received).toHaveLength(1);
    expect(statesOf(findings)).toEqual({ GITHUB_TOKEN: "live", GH_TOKEN: "live", DB_PASSWORD: "unknown" });
  });
});

test("dead is said after one question", async () => {
  await withDouble(replying({ status: 401, body: '{"message":"Bad credentials"}' }), async ({ url, received }) => {
    const { findings } = await scan(url, "--verify");
    expect(received).toHaveLength(1);
    expect(statesOf(findings)).toMatchObject({ GITHUB_TOKEN: "dead", GH_TOKEN: "dead" });
  });
});

test("who does not answer is no proof of anything", async () => {
  const { findings } = await scan("http://127.0.0.1:9", "--verify");
  expect(statesOf(findings)).toMatchObject({ GITHUB_TOKEN: "unknown" });
});

test("the table says it, and an endpoint of nobody is refused", async () => {
  await withDouble(replying({ status: 200, body: '{"login":"octo"}' }), async ({ url }) => {
    writeFileSync(join(world.dir, "unsprawl.yaml"), `verify: { endpoints: { github: "${url}" } }\n`);
    const { stdout } = await world.unsprawl(["scan", "inspect:-", "--verify"], { stdin });
    expect(stdout).toMatch(/LIVE: GitHub accepts it/);
  });
  writeFileSync(join(world.dir, "unsprawl.yaml"), 'verify: { endpoints: { githb: "http://x" } }\n');
  const { code, stderr } = await world.unsprawl(["scan", "inspect:-", "--verify"], { stdin });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/githb[\s\S]*github/)]);
});
