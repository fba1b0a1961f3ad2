import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { FORMAT_NAMES } from "../../src/cli/views/index.ts";
import type { Ran } from "../support/world.ts";
import { API_TOKEN, containers, DB_PASSWORD, reportOf } from "./containers.ts";

const { world, docker } = await containers("scan");

describe("scan", () => {
  it("--json is one document of version 1 with every field of the contract", async () => {
    const ran = await world.unsprawl(["scan", "docker:scan-{one,two}", "--json"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toBe("");
    const report = reportOf(ran);
    expect(report).toMatchObject({
      version: 1,
      scannedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      durationMs: expect.any(Number) as number,
      sources: [{ source: "docker:scan-{one,two}", subjects: 3, errors: [] }],
      summary: {
        subjects: 3,
        values: expect.any(Number) as number,
        findings: 3,
        byConfidence: { high: expect.any(Number) as number, medium: expect.any(Number) as number, low: 0 },
        bySeverity: expect.any(Object) as object,
      },
    });
    expect(report.groups.map((group) => group.count).toSorted((a, b) => a - b)).toEqual([1, 2]);
    for (const finding of report.findings) {
      expect(Object.keys(finding).sort()).toEqual([
        "confidence",
        "exposure",
        "fingerprint",
        "id",
        "ignoredBy",
        "length",
        "liveness",
        "location",
        "masked",
        "name",
        "part",
        "rule",
        "score",
        "severity",
        "state",
        "unless",
        "why",
      ]);
      expect(finding["id"]).toMatch(/^[0-9a-f]{12}$/);
      expect(finding["location"]).toMatchObject({
        source: "docker:scan-{one,two}",
        subject: "container",
        where: "env",
        path: expect.stringMatching(/^Config\.Env\[\d+\]$/) as string,
      });
    }
    expect(ran.stdout).not.toContain(DB_PASSWORD);
  });

  it("says the same twice, times aside", async () => {
    const timeless = ({ stdout }: Ran): unknown => ({ ...(JSON.parse(stdout) as object), scannedAt: 0, durationMs: 0 });
    // A container of another test's that mounts the socket sees these, and may go between the two.
    await vi.waitFor(
      async () => {
        const one = await world.unsprawl(["scan", "docker:scan-*", "--json"]);
        const two = await world.unsprawl(["scan", "docker:scan-*", "--json"]);
        expect(timeless(one)).toEqual(timeless(two));
      },
      { timeout: 120_000 },
    );
  });

  it.each([
    [["docker:scan-clean"], 0],
    [["docker:scan-one"], 3],
    [["docker:scan-one", "--fail-on", "never"], 0],
    [["docker:scan-nobody"], 1],
    [["docker:scan-one", "--min-confidence", "high", "--fail-on", "high"], 3],
  ])("%j exits %i", async (args, code) => {
    expect((await world.unsprawl(["scan", ...args])).code).toBe(code);
  });

  it("what a baseline has is known, and does not fail", async () => {
    expect((await world.unsprawl(["scan", "docker:scan-one", "--json", "-o", "base.json"])).code).toBe(3);
    expect(statSync(join(world.dir, "base.json")).mode & 0o777).toBe(0o600);
    const known = await world.unsprawl(["scan", "docker:scan-one", "--json", "--baseline", "base.json"]);
    expect(known.code).toBe(0);
    expect(reportOf(known).findings.map((finding) => finding["state"])).toEqual(["known"]);
    const more = await world.unsprawl(["scan", "docker:scan-{one,two}", "--json", "--baseline", "base.json"]);
    expect(more.code).toBe(3);
  });

  it.each(FORMAT_NAMES.filter((format) => format !== "baseline"))(
    "as %s shows no value, and goes to stdout or a file",
    async (format) => {
      const ran = await world.unsprawl(["scan", "docker:scan-*", "--format", format]);
      expect(ran.code).toBe(3);
      for (const value of [DB_PASSWORD, API_TOKEN]) expect(ran.stdout + ran.stderr).not.toContain(value);
      expect(ran.stdout).toContain("DB_PASSWORD".replace("_", format === "markdown" ? "\\_" : "_"));
      const saved = await world.unsprawl(["scan", "docker:scan-*", "--format", format, "-o", "report"]);
      expect(saved.stdout).toBe("");
      expect(readFileSync(join(world.dir, "report"), "utf8").split("\n")).toHaveLength(ran.stdout.split("\n").length);
    },
  );

  it("a table is aligned: what stands in one column begins at one place", async () => {
    const { stdout } = await world.unsprawl(["scan", "docker:scan-*"]);
    const rows = stdout.split("\n").filter((line) => line.includes("variable"));
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row.indexOf("•"))).size).toBe(1);
    expect(new Set(rows.map((row) => row.indexOf("scan-"))).size).toBe(1);
    expect(new Set(rows.map((row) => /(DB_PASSWORD|API_TOKEN)/.exec(row)?.index)).size).toBe(1);
    for (const row of rows) expect(row).toBe(row.trimEnd());
  });

  it.each([{ NO_COLOR: "1" }, { FORCE_COLOR: "0" }, { TERM: "dumb" }, {}])(
    "with %j has no colours off a terminal",
    async (env) => {
      const { stdout, stderr } = await world.unsprawl(["scan", "docker:scan-*"], { env });
      expect(stdout + stderr).not.toContain("\u001b");
    },
  );

  it("a name that would move the cursor is shown, not obeyed", async () => {
    const label = "\u001b[2J\u202eevil";
    const doc = {
      Id: "a".repeat(64),
      Name: `/${label}`,
      Image: "sha256:x",
      Config: { Env: [`DB_PASSWORD=${DB_PASSWORD}`, `${label}_TOKEN=${API_TOKEN}`] },
    };
    for (const format of ["table", "html", "markdown", "sarif", "junit", "github", "gitlab"]) {
      const { stdout } = await world.unsprawl(["scan", "inspect:-", "--format", format], {
        stdin: JSON.stringify([doc]),
      });
      expect(stdout).not.toContain("\u001b");
      expect(stdout).not.toContain("\u202e");
      expect(stdout).toContain("evil");
    }
  });
});

describe("scan inspect:", () => {
  const findings = (ran: Ran): unknown =>
    reportOf(ran).findings.map(({ name, fingerprint, location }) => [
      name,
      fingerprint,
      (location as { path: string }).path,
    ]);

  it("a file, stdin and the engine say the same", async () => {
    writeFileSync(join(world.dir, "saved.json"), docker("inspect", "scan-one", "scan-two"));
    const live = findings(await world.unsprawl(["scan", "docker:scan-{one,two}", "--json"]));
    const file = await world.unsprawl(["scan", "inspect:saved.json", "--json"]);
    expect(file.code).toBe(3);
    expect(findings(file)).toEqual(live);
    const stdin = await world.unsprawl(["scan", "inspect:-", "--json"], {
      stdin: readFileSync(join(world.dir, "saved.json"), "utf8"),
      env: { DOCKER_HOST: "unix:///nonexistent" },
    });
    expect(findings(stdin)).toEqual(live);
  });

  it("a document that cannot be read is told, the rest is read, and it exits 1", async () => {
    const stdin = JSON.stringify([{ Name: "volume" }, JSON.parse(docker("inspect", "-f", "{{json .}}", "scan-one"))]);
    const ran = await world.unsprawl(["scan", "inspect:-", "--json"], { stdin });
    expect(ran.code).toBe(1);
    expect(reportOf(ran)).toMatchObject({
      sources: [{ subjects: 1, errors: [{ subject: "document 0" }] }],
      summary: { findings: 1 },
    });
  });

  it("input that is torn, or none, is malformed and not quoted", async () => {
    for (const stdin of [docker("inspect", "scan-one").slice(0, -10), DB_PASSWORD]) {
      const ran = await world.unsprawl(["scan", "inspect:-"], { stdin });
      expect(ran.code).toBe(1);
      expect(ran.stdout + ran.stderr).not.toContain(DB_PASSWORD);
    }
  });
});
