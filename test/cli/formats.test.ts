import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { XmlDocument, type XmlElement } from "libxml2-wasm";
import type { Log } from "sarif";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFailing } from "../../src/cli/scan-options.ts";
import { render } from "../../src/cli/views/index.ts";
import type { ScanReport } from "../../src/core/scan.ts";
import type { Finding } from "../../src/model/finding.ts";
import { ANY_SUBJECT } from "../../src/model/subject-ref.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran } from "../support/world.ts";

// What CI systems read, checked as they read it: JUnit by libxml2, workflow commands by the runner's own rules.

const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();
const world = makeWorld("unix:///nonexistent");
afterAll(() => world.remove());

const container = (name: string, env: readonly string[]): object => ({
  Id: "a".repeat(64),
  Name: `/${name}`,
  Image: "sha256:x",
  Config: { Env: env },
});

beforeAll(() => {
  mkdirSync(join(world.dir, "deploy/a b"), { recursive: true });
  mkdirSync(join(world.dir, ".git"));
  writeFileSync(join(world.dir, "deploy/app.env"), `LOG=info\nDB_PASSWORD=${DB_PASSWORD}\n`);
  writeFileSync(join(world.dir, "deploy/a b/100%,x:y.env"), `\n\nDB_PASSWORD=${DB_PASSWORD}\n`);
  writeFileSync(
    join(world.dir, "saved.json"),
    JSON.stringify([container("api", [`API_TOKEN=${API_TOKEN}`]), { Name: "volume" }]),
  );
});

/** A file's variables, a folder's lines, a container, and a document that cannot be read. */
const SOURCES = ["env:deploy/app.env", "dir:deploy/a b", "inspect:saved.json"];

async function scan(format: string): Promise<Ran> {
  const ran = await world.unsprawl(["scan", ...SOURCES, "--format", format]);
  for (const value of [DB_PASSWORD, API_TOKEN]) expect(ran.stdout + ran.stderr).not.toContain(value);
  return ran;
}

const sorted = <T>(rows: readonly (readonly T[])[]): (readonly T[])[] =>
  rows.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));

/** What an XPath finds in a document, each as its attributes and its text. */
function xpath(xml: string, path: string): { readonly [name: string]: string }[] {
  using document = XmlDocument.fromString(xml);
  return document.root.find(path).map((node) => {
    const element = node as XmlElement;
    return { ...Object.fromEntries(element.attrs.map(({ name, value }) => [name, value])), text: element.content };
  });
}

describe("junit", () => {
  it("a suite a source, a failure a finding that fails, an error what was not read", async () => {
    const { stdout, code } = await scan("junit");
    expect(code).toBe(1);
    expect(xpath(stdout, "/testsuites")).toMatchObject([{ tests: "7", failures: "3", errors: "1" }]);
    expect(
      xpath(stdout, "//testsuite").map(({ name, tests, failures, errors }) => [name, tests, failures, errors]),
    ).toEqual([
      ["env:deploy/app.env", "2", "1", "0"],
      ["dir:deploy/a b", "2", "1", "0"],
      ["inspect:saved.json", "3", "1", "1"],
    ]);
    expect(xpath(stdout, "//testcase[failure]").map(({ classname, name }) => [classname, name])).toEqual([
      ["app.env", "DB_PASSWORD deploy/app.env:2"],
      ["100%,x:y.env", "DB_PASSWORD deploy/a b/100%,x:y.env:3"],
      ["api", "API_TOKEN Config.Env[0]"],
    ]);
    expect(xpath(stdout, "//testsuite[1]//failure")).toEqual([
      {
        type: "password",
        message: "DB_PASSWORD in app.env is a secret",
        text: expect.stringMatching(/\nwhy: name says PASSWORD.*\nrotate: .*ALTER ROLE.* https:\/\//s) as string,
      },
    ]);
    expect(xpath(stdout, "//testcase[error]")).toMatchObject([
      { name: "read document 1", text: expect.stringContaining("next: ") as string },
    ]);
  });

  it("what is known passes, what is ignored is skipped, and what is below --fail-on passes too", async () => {
    const report = reportOf([
      finding({ state: "known" }),
      finding({ state: "ignored", ignoredBy: "ignore[0] (a < b)" }),
      finding({ confidence: "low" }),
      finding({ state: "regressed" }),
    ]);
    const xml = await shown(report, "junit");
    expect(xpath(xml, "//testcase[system-out]").map(({ text }) => text?.split("\n")[0])).toEqual([
      expect.stringMatching(/, known$/),
      expect.stringMatching(/low confidence/),
    ]);
    expect(xpath(xml, "//skipped")).toEqual([{ message: "ignore[0] (a < b)", text: "" }]);
    expect(xpath(xml, "//testsuite")).toMatchObject([{ tests: "5", failures: "1", errors: "0", skipped: "1" }]);
  });
});

type Command = { readonly level: string; readonly message: string; readonly [property: string]: string };

/** Workflow commands as the runner takes them apart (actions/runner, ActionCommand.TryParseV2). */
function commands(text: string): Command[] {
  return text.split(/\r\n|\r|\n/).flatMap((line) => {
    if (!line.startsWith("::")) return [];
    const end = line.indexOf("::", 2);
    const [head, message] = [line.slice(2, end), line.slice(end + 2)];
    const [level = "", ...rest] = head.split(" ");
    const undo = (part: string): string =>
      part
        .replaceAll("%0D", "\r")
        .replaceAll("%0A", "\n")
        .replaceAll("%3A", ":")
        .replaceAll("%2C", ",")
        .replaceAll("%25", "%");
    const properties = rest
      .join(" ")
      .split(",")
      .map((one) => [one.slice(0, one.indexOf("=")), undo(one.slice(one.indexOf("=") + 1))]);
    return [{ ...(Object.fromEntries(properties) as object), level, message: undo(message) }];
  });
}

describe("github", () => {
  it("what fails is an error at its file and line; the rest warns or is noted", async () => {
    const { stdout } = await scan("github");
    const told = commands(stdout).map(({ level, file, line, title }) => [title, level, file, line]);
    expect(sorted(told)).toEqual([
      ["API_TOKEN in api", "error", undefined, undefined],
      ["DB_PASSWORD in 100%,x:y.env", "error", "deploy/a b/100%,x:y.env", "3"],
      ["DB_PASSWORD in app.env", "error", "deploy/app.env", "2"],
      ["inspect:saved.json document 1 was not read", "error", undefined, undefined],
    ]);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("2 secrets in 3 places");
    const states = reportOf([
      finding({ state: "ignored" }),
      finding({ state: "known" }),
      finding({ confidence: "low" }),
      finding({}),
    ]);
    const levels = commands(await shown(states, "github")).map(({ level }) => level);
    expect(levels).toEqual(["error", "warning", "notice", "notice"]);
  });
});

describe("gitlab", () => {
  it("is a Code Quality report: every field, a path in the checkout, fingerprints that stay", async () => {
    type Issue = { fingerprint: string; location: { path: string; lines: { begin: number } } };
    const issues = JSON.parse((await scan("gitlab")).stdout) as Issue[];
    for (const issue of issues)
      expect(issue).toEqual({
        description: expect.stringMatching(/./) as string,
        check_name: expect.stringMatching(/^[a-z-]+$/) as string,
        fingerprint: expect.stringMatching(/^[0-9a-f]{12}:1$|^not-read /) as string,
        severity: expect.stringMatching(/^(?:info|minor|major|critical|blocker)$/) as string,
        location: { path: expect.stringMatching(/^[^./]/) as string, lines: { begin: expect.any(Number) as number } },
      });
    expect(issues.map(({ location: { path, lines } }) => `${path}:${lines.begin}`).sort()).toEqual([
      "container/api:1",
      "deploy/a b/100%,x:y.env:3",
      "deploy/app.env:2",
      "document 1:1",
    ]);
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(4);
    const same = await shown(reportOf([finding({ state: "known" }), finding({ state: "ignored" })]), "gitlab");
    expect(JSON.parse(same)).toMatchObject([
      { fingerprint: "000000000000:1", severity: "critical" },
      { fingerprint: "000000000000:2", severity: "info" },
    ]);
  });
});

describe("sarif", () => {
  it("has what GitHub's code scanning demands", async () => {
    const log = JSON.parse((await scan("sarif")).stdout) as Log;
    const [{ tool, results = [], invocations }] = log.runs as [Log["runs"][number]];
    expect(invocations).toMatchObject([{ executionSuccessful: false }]);
    const { rules = [] } = tool.driver;
    for (const rule of rules) {
      expect(rule).toMatchObject({
        shortDescription: { text: expect.stringMatching(/./) as string },
        fullDescription: { text: expect.stringMatching(/./) as string },
        help: { text: expect.stringMatching(/rotate it: it has been exposed\. [A-Z]/) as string },
        defaultConfiguration: { level: "error" },
        properties: { tags: ["security", "secret"], "security-severity": "8.0" },
      });
      expect(new URL(rule.helpUri ?? "https://none.invalid").protocol).toBe("https:");
    }
    const places = results.map(({ ruleId, ruleIndex, locations, partialFingerprints, baselineState, suppressions }) => {
      expect(rules[ruleIndex ?? -1]?.id).toBe(ruleId);
      expect(partialFingerprints?.["primaryLocationLineHash"]).toMatch(/^[0-9a-f]{12}:1$/);
      expect(suppressions).toEqual([]);
      const { artifactLocation, region } = locations?.[0]?.physicalLocation ?? {};
      return [artifactLocation?.uri, artifactLocation?.uriBaseId, region?.startLine, baselineState];
    });
    expect(sorted(places)).toEqual([
      ["container/api", undefined, 1, "new"],
      ["deploy/a%20b/100%25%2Cx%3Ay.env", "%SRCROOT%", 3, "new"],
      ["deploy/app.env", "%SRCROOT%", 2, "new"],
    ]);
  });

  it("tells what became of a finding, and why it is ignored", async () => {
    const states = ["new", "known", "ignored", "migrated", "regressed"] as const;
    const report = reportOf(
      states.map((state) => finding({ state, ignoredBy: state === "ignored" ? "test data" : null })),
    );
    const log = JSON.parse(await shown(report, "sarif")) as Log;
    const results = log.runs[0]?.results ?? [];
    expect(results.map(({ baselineState }) => baselineState)).toEqual([
      "new",
      "unchanged",
      "unchanged",
      "unchanged",
      "updated",
    ]);
    expect(results.map(({ suppressions }) => suppressions?.map(({ justification }) => justification))).toEqual([
      [],
      [],
      ["test data"],
      [],
      [],
    ]);
    expect(results.map(({ partialFingerprints }) => partialFingerprints?.["primaryLocationLineHash"])).toEqual(
      [1, 2, 3, 4, 5].map((at) => `${"0".repeat(12)}:${at}`),
    );
  });
});

describe("files that several sources read", () => {
  const yaml = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

  beforeAll(() => {
    mkdirSync(join(world.dir, "shop"));
    const put = (name: string, text: string): void => writeFileSync(join(world.dir, "shop", name), text);
    put(
      "compose.yaml",
      yaml(
        ...["services:", "  db:", "    image: postgres", "    env_file: db.env", "    environment:"],
        `      POSTGRES_PASSWORD: ${DB_PASSWORD}`,
        ...["  api:", "    image: api", "    environment:", "      - LOG=info"],
        ...["      - API_TOKEN=${API_TOKEN}", "      - DATABASE_URL=postgres://api:${PASSWORD:-none}@db/api"],
      ),
    );
    put(".env", yaml("# both", `API_TOKEN=${API_TOKEN}`, `PASSWORD=${DB_PASSWORD}`));
    put("db.env", yaml("LOG=info", `REPLICA_PASSWORD=${DB_PASSWORD}`));
    put(
      "web.yaml",
      yaml(
        ...["apiVersion: apps/v1", "kind: Deployment", "metadata: { name: web }", "spec:", "  template:", "    spec:"],
        ...["      containers:", "        - name: web", "          env:", "            - name: DB_PASSWORD"],
        `              value: ${DB_PASSWORD}`,
        ...["---", "apiVersion: v1", "kind: ConfigMap", "metadata: { name: web }", "data:", "  app.properties: |"],
        ...["    log=info", `    db.password=${DB_PASSWORD}`],
        ...["---", "apiVersion: v1", "kind: Secret", "metadata: { name: web }", "data:"],
        `  API_TOKEN: ${Buffer.from(API_TOKEN).toString("base64")}`,
      ),
    );
    put("web.service", yaml("[Service]", "Type=exec", `Environment=LOG=info DB_PASSWORD=${DB_PASSWORD}`));
  });

  const EACH = ["compose:shop/compose.yaml", "kubernetes:shop/web.yaml", "systemd:shop/web.service"];
  /** Lines that hold a secret. */
  const LINES = ["shop/.env:2", "shop/.env:3", "shop/compose.yaml:6", "shop/db.env:2"];
  const OTHERS = ["shop/web.service:3", "shop/web.yaml:11", "shop/web.yaml:19", "shop/web.yaml:25"];

  const linesOf = async (format: string, sources: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await world.unsprawl(["scan", ...sources, "--format", format]);
    if (format === "github") return commands(stdout).map(({ file, line }) => `${file}:${line}`);
    const results = (JSON.parse(stdout) as Log).runs[0]?.results ?? [];
    return results.map(({ locations }) => {
      const { artifactLocation, region } = locations?.[0]?.physicalLocation ?? {};
      return `${artifactLocation?.uri}:${region?.startLine}`;
    });
  };

  it.each(["github", "sarif"])("show each line that holds a secret, and each once, as %s", async (format) => {
    expect((await linesOf(format, EACH)).toSorted()).toEqual([...LINES, ...OTHERS]);
    const all = await linesOf(format, [...EACH, "dir:shop", "env:shop/.env"]);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining([...LINES, ...OTHERS]));
  });
});

describe("hosts of a fleet", () => {
  const on = (host: string): Finding => {
    const one = finding({});
    return { ...one, location: { ...one.location, host, path: "/srv/app.env:3 DB_PASSWORD" } };
  };
  const report: ScanReport = {
    ...reportOf([on("web1"), on("web2")]),
    sources: ["web1", "web2"].map((host) => ({ source: "docker:", host, subjects: 1, errors: [] })),
  };

  it("are suites of their own, and their files are none of this checkout", async () => {
    expect(xpath(await shown(report, "junit"), "//testsuite").map(({ name, failures }) => [name, failures])).toEqual([
      ["web1: docker:", "1"],
      ["web2: docker:", "1"],
    ]);
    const told = commands(await shown(report, "github"));
    expect(told.map(({ title, file }) => [title, file])).toEqual([
      ["DB_PASSWORD in web1: api", undefined],
      ["DB_PASSWORD in web2: api", undefined],
    ]);
    const issues = JSON.parse(await shown(report, "gitlab")) as { location: { path: string } }[];
    expect(issues.map(({ location }) => location.path)).toEqual(["file/web1/api", "file/web2/api"]);
  });
});

const NASTY =
  "\u0000\u001b[2J\u202e\ufffe\uffff\ud800]]>&<a x='\"'>\r\n::error::owned%0A::set-output name=x::1,b:c\u2028é🔑";

describe("text that others wrote", () => {
  const report: ScanReport = {
    ...reportOf([
      finding({ name: NASTY, why: [NASTY], exposure: [NASTY], ignoredBy: NASTY, state: "ignored" }, NASTY),
      finding({ name: NASTY, masked: NASTY }, NASTY),
    ]),
    sources: [
      { source: NASTY, subjects: 1, errors: [{ subject: NASTY, about: ANY_SUBJECT, message: NASTY, hint: NASTY }] },
    ],
  };

  it("is text in JUnit", async () => {
    const xml = await shown(report, "junit");
    expect(xpath(xml, "//a")).toEqual([]);
    expect(xpath(xml, "/testsuites/testsuite/testcase").map(({ name }) => name)).toHaveLength(4);
    expect(xpath(xml, "//failure")[0]?.["message"]).toContain("]]>&<a x='\"'>");
    expect(xpath(xml, "//testsuite")[0]?.["name"]).toContain("\\u{0}\\e[2J\\u{202e}\\u{fffe}\\u{ffff}\\u{d800}");
  });

  it("is no command of GitHub's", async () => {
    const text = await shown(report, "github");
    expect(commands(text).map(({ level }) => level)).toEqual(["error", "error", "notice"]);
    for (const { title, message } of commands(text)) {
      expect(title).toContain("::error::owned%0A::set-output name=x::1,b:c");
      expect(message).toContain("::error::owned%0A");
    }
    expect(text.split("\n")).toHaveLength(4);
  });

  it.each(["gitlab", "sarif"])("is text in JSON of %s", async (format) => {
    const text = await shown(report, format);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\u2028]|\p{Cs}/u);
    expect(text).toContain("owned");
  });
});

function finding(parts: Partial<Finding>, text = "api"): Finding {
  return {
    id: "0".repeat(12),
    fingerprint: "f".repeat(64),
    rule: "password",
    name: "DB_PASSWORD",
    confidence: "high",
    score: 0.9,
    severity: "high",
    why: ["name says PASSWORD"],
    unless: "",
    part: { in: "value", path: "", start: null, length: null },
    location: {
      source: text === "api" ? "docker:" : text,
      subject: "file",
      subjectName: text,
      subjectId: `/srv/${text}`,
      where: "env",
      path: text,
      origin: "own",
    },
    masked: "••••••••",
    length: 9,
    state: "new",
    ignoredBy: null,
    liveness: null,
    exposure: [],
    ...parts,
  };
}

function reportOf(findings: readonly Finding[]): ScanReport {
  return {
    version: 1,
    scannedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1,
    sources: [{ source: "docker:", subjects: 1, errors: [] }],
    findings,
    groups: [],
    rotation: { password: { text: "Change it.", url: "https://docs.invalid/" } },
    ignored: [],
    advice: [],
    notes: [],
    summary: {
      subjects: 1,
      values: 1,
      findings: findings.length,
      hidden: 0,
      kept: 0,
      ignored: 0,
      byConfidence: { low: 0, medium: 0, high: 0 },
      bySeverity: { low: 0, medium: 0, high: 0, critical: 0 },
    },
  };
}

const shown = (report: ScanReport, format: string): Promise<string> =>
  render(report, format, { terminal: false, cwd: world.dir, fails: (one) => isFailing(one, "medium") });
