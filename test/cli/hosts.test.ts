import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEngineDouble, type EngineDouble } from "../support/engine-double.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";

const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();

type Report = {
  readonly sources: readonly { readonly host?: string; readonly errors: readonly { readonly hint: string }[] }[];
  readonly findings: readonly {
    readonly id: string;
    readonly fingerprint: string;
    readonly location: { readonly host?: string; readonly subjectName: string };
  }[];
  readonly groups: readonly { readonly count: number }[];
};

let world: World;
let hosts: { readonly [name: string]: EngineDouble };

beforeAll(async () => {
  const api = { api: { DB_PASSWORD, LOG_LEVEL: "info" } };
  hosts = {
    web1: await startEngineDouble(api),
    web2: await startEngineDouble({ ...api, other: { API_TOKEN } }),
    db1: await startEngineDouble({}),
  };
  world = makeWorld(hosts["web1"]?.host ?? "");
  const entries = Object.entries(hosts).map(([name, { host }]) => `  ${name}: { address: "${host}" }`);
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    ["hosts:", ...entries, '  gone: { address: "unix:///nowhere/docker.sock" }'].join("\n"),
  );
});
afterAll(async () => {
  for (const one of Object.values(hosts)) await one.stop();
  world.remove();
});

const scan = async (...args: string[]): Promise<{ code: number | null; report: Report; stderr: string }> => {
  const { code, stdout, stderr } = await world.unsprawl(["scan", "--json", ...args]);
  return { code, stderr, report: (stdout === "" ? null : JSON.parse(stdout)) as Report };
};
const places = ({ findings }: Report): string[] =>
  findings.map(({ location }) => `${location.host ?? "here"}/${location.subjectName}`).sort();

describe("scan --hosts", () => {
  test("makes one report of several engines, equal secrets in one group, ids apart", async () => {
    const { code, report } = await scan("--hosts", "web*", "--hosts", "db1");
    expect(code).toBe(3);
    expect(places(report)).toEqual(["web1/api", "web2/api", "web2/other"]);
    expect(report.groups.map(({ count }) => count)).toEqual(expect.arrayContaining([1, 2]));
    expect(new Set(report.findings.map(({ id }) => id)).size).toBe(3);
    expect(report.sources.map(({ host }) => host)).toEqual(["web1", "web2", "db1"]);
  });

  test("a place on this machine keeps its id, and says nothing of a host", async () => {
    const [here, there] = [await scan("docker:"), await scan("--hosts", "web1")];
    expect(places(here.report)).toEqual(["here/api"]);
    const [a, b] = [here.report.findings[0], there.report.findings[0]];
    expect(a?.fingerprint).toBe(b?.fingerprint);
    expect(a?.id).not.toBe(b?.id);
    expect(Object.keys(a?.location ?? {})).not.toContain("host");
  });

  test("one that cannot be reached is told with what to do, and the others are scanned", async () => {
    const { code, report } = await scan("--hosts");
    expect(code).toBe(1);
    expect(places(report)).toEqual(["web1/api", "web2/api", "web2/other"]);
    expect(report.sources.find(({ host }) => host === "gone")).toMatchObject({
      subjects: 0,
      errors: [{ subject: "gone", message: expect.stringContaining("no such socket") as string }],
    });
  });

  test("people read which host it is", async () => {
    const { stdout } = await world.unsprawl(["scan", "--hosts", "--fail-on", "never"]);
    expect(stdout).toMatch(/web2: api {2}own variable/);
    expect(stdout).toContain("gone: docker:: list containers: cannot reach the engine");
    expect(stdout).not.toContain(DB_PASSWORD);
  });

  test.each([
    [["--hosts", "web9"], "no host of the configuration is called", "did you mean web1?"],
    [["--hosts", "docker:api"], "no host of the configuration", "unsprawl scan docker:api --hosts"],
    [["env:.env", "--hosts"], "env:.env is not on a host", "docker: image: swarm:"],
  ])("%j is a usage error", async (args, message, hint) => {
    const { code, stderr } = await scan(...args);
    expect(code).toBe(2);
    const { error } = JSON.parse(stderr) as { error: { message: string; hint: string } };
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });
});
