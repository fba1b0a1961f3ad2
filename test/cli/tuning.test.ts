import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { kit, ruleById } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { inspected } from "../support/inspected.ts";
import { makeWorld, type Ran } from "../support/world.ts";

/** What people tune, through the command as they type it: nothing is hidden without being counted and explained. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const make = kit(SEED);
const password = make.base64(15);
const token = (ruleById("github-token")?.examples(make)[0] ?? "") as string;
const staging = `${make.hex(20)}-loadtest`;

const input = inspected({
  shop: { env: { DB_PASSWORD: password, GITHUB_TOKEN: token, LOG_LEVEL: "info" }, image: "registry.test/team/shop:1" },
  worker: { env: { DB_PASSWORD: password }, labels: { tier: "batch" } },
  quiet: { env: { API_TOKEN: make.hex(40), OTHER_TOKEN: make.hex(40) }, labels: { "unsprawl.ignore": "API_TOKEN" } },
  staged: { env: { SESSION_SECRET: staging } },
});

/** A container without its image. */
const alone = JSON.stringify(
  (JSON.parse(input) as { readonly Name?: string }[]).filter(({ Name }) => Name === "/quiet"),
);

type Report = {
  readonly findings: readonly {
    readonly name: string;
    readonly state: string;
    readonly severity: string;
    readonly rule: string;
    readonly fingerprint: string;
    readonly id: string;
    readonly ignoredBy: string | null;
    readonly location: { readonly subjectName: string };
  }[];
  readonly ignored: readonly { readonly by: string; readonly count: number }[];
  readonly notes: readonly string[];
  readonly summary: { readonly ignored: number; readonly hidden: number };
};

beforeEach(() => configure(""));

function configure(yaml: string): void {
  writeFileSync(join(world.dir, "unsprawl.yaml"), yaml);
}

async function scan(...args: string[]): Promise<Report & { readonly ran: Ran }> {
  return scanOf(input, ...args);
}

async function scanOf(stdin: string, ...args: string[]): Promise<Report & { readonly ran: Ran }> {
  const ran = await world.unsprawl(["scan", "inspect:-", "--json", ...args], { stdin });
  expect(ran.stderr).toBe("");
  return { ...(JSON.parse(ran.stdout) as Report), ran };
}

const places = ({ findings }: Report): string[] =>
  findings.map(({ name, location }) => `${location.subjectName} ${name}`).sort();

const ALL = [
  "quiet OTHER_TOKEN",
  "shop DB_PASSWORD",
  "shop GITHUB_TOKEN",
  "staged SESSION_SECRET",
  "worker DB_PASSWORD",
];
const without = (...gone: string[]): string[] => ALL.filter((place) => !gone.includes(place));

test("a container's own label hides what it names, and is named itself", async () => {
  const report = await scan();
  expect(places(report)).toEqual(ALL);
  expect(report.ignored).toEqual([{ by: "label unsprawl.ignore of quiet", count: 1 }]);
});

test("a label that may be the image's hides nothing, and is said", async () => {
  const report = await scanOf(alone);
  expect(places(report)).toEqual(["quiet API_TOKEN", "quiet OTHER_TOKEN"]);
  expect(report.notes).toEqual([expect.stringMatching(/^label unsprawl\.ignore has no effect on quiet: /)]);
});

describe("ignore", () => {
  test.each([
    ["rule: github-token", without("shop GITHUB_TOKEN")],
    ["name: DB_*", without("shop DB_PASSWORD", "worker DB_PASSWORD")],
    ["name: DB_PASSWORD, subject: worker", without("worker DB_PASSWORD")],
    ["image: registry.test/*", without("shop DB_PASSWORD", "shop GITHUB_TOKEN")],
    ["label: tier=b*", without("worker DB_PASSWORD")],
    ["label: nothing", ALL],
    ["where: env, path: 'Config.Env[0]', subject: staged", without("staged SESSION_SECRET")],
    ["path: 'Config.Env[*]', subject: worker", without("worker DB_PASSWORD")],
    ["path: 'Config.Env[1]'", without("quiet OTHER_TOKEN", "shop GITHUB_TOKEN")],
    ["path: 'Config.En[u-w][0]'", ALL],
    ["source: 'image:*'", ALL],
  ])("{ %s }", async (criteria, left) => {
    configure(`ignore: [{ ${criteria}, reason: known here }]`);
    const report = await scan();
    expect(places(report)).toEqual(left);
    const hidden = ALL.length - left.length;
    const mine = report.ignored.filter(({ by }) => by.includes("ignore[0] (known here)"));
    expect(mine.reduce((sum, { count }) => sum + count, 0)).toBe(hidden);
    expect(report.summary.ignored).toBe(hidden + 1);
  });

  test.each(["line 4", "line 4 in env", "line 4*"])("by the path %s in a workflow", async (path) => {
    mkdirSync(join(world.dir, ".github/workflows"), { recursive: true });
    const text = `on: push\njobs: {}\nenv:\n  DB_PASSWORD: ${password}\n  API_PASSWORD: ${make.base64(15)}\n`;
    writeFileSync(join(world.dir, ".github/workflows/test.yml"), text);
    configure(`ignore: [{ path: "${path}" }]`);
    const ran = await world.unsprawl(["scan", "dir:.github", "--json"]);
    const { findings, ignored } = JSON.parse(ran.stdout) as Report;
    expect(findings.map(({ name }) => name)).toEqual(["API_PASSWORD"]);
    expect(ignored).toEqual([{ by: expect.stringContaining("ignore[0]"), count: 1 }]);
  });

  test("by a finding's own fingerprint and id", async () => {
    const { findings } = await scan();
    const shop = findings.find(({ name, location }) => name === "DB_PASSWORD" && location.subjectName === "shop");
    configure(`ignore: [{ fingerprint: "${shop?.fingerprint.slice(0, 16) ?? ""}" }]`);
    expect(places(await scan())).toEqual(without("shop DB_PASSWORD", "worker DB_PASSWORD"));
    configure(`ignore: [{ id: "${shop?.id ?? ""}" }]`);
    expect(places(await scan())).toEqual(without("shop DB_PASSWORD"));
  });

  test("what has run out hides nothing, and is said", async () => {
    configure("ignore: [{ rule: github-token, until: 2020-01-31 }]");
    const report = await scan();
    expect(places(report)).toEqual(ALL);
    expect(report.notes).toEqual([expect.stringMatching(/ignore\[0\] expired on 2020-01-31$/)]);
  });

  test("--show-ignored lists them with what hid them, and they do not fail", async () => {
    configure("ignore: [{ name: '*', reason: a test bed }]");
    expect((await scan()).ran.code).toBe(0);
    const { findings, ran } = await scan("--show-ignored");
    expect(ran.code).toBe(0);
    expect(findings).toHaveLength(ALL.length + 1);
    for (const { state, ignoredBy } of findings) expect([state, ignoredBy !== null]).toEqual(["ignored", true]);
  });

  test("the table says how many and why, on a line of its own", async () => {
    configure("ignore: [{ rule: github-token, reason: rotated daily }]");
    const { stdout } = await world.unsprawl(["scan", "inspect:-"], { stdin: input });
    expect(stdout).toMatch(
      /^2 ignored: 1 by .*ignore\[0\] \(rotated daily\), 1 by label unsprawl\.ignore of quiet \(--show-ignored/m,
    );
  });

  test.each([
    ["ignore: { rule: x }", /ignore must be a list/],
    ["ignore: [x]", /ignore\[0\] must be a map/],
    ["ignore: [{ reason: none }]", /ignore\[0\] names nothing to ignore/],
    ["ignore: [{ nmae: DB }]", /unknown key ignore\[0\]\.nmae[\s\S]*did you mean 'ignore\[0\]\.name'\?/],
    ["ignore: [{ fingerprint: abc }]", /fingerprint is not one/],
    ["ignore: [{ name: A, until: tomorrow }]", /until is not a date/],
    ["ignore: [{ name: A, until: 2026-02-30 }]", /ignore\[0\]\.until is not a date/],
    ["ignore: [{ where: entrypont }]", /ignore\[0\]\.where must be one of env, [\s\S]*did you mean entrypoint\?/],
    ["ignore: [{ rule: github-tokn }]", /ignore\[0\]: no rule "github-tokn"[\s\S]*did you mean github-token\?/],
  ])("%s is refused", async (yaml, message) => {
    configure(yaml);
    const ran = await world.unsprawl(["scan", "inspect:-"], { stdin: input });
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toMatch(message);
  });
});

describe("rules and stop words", () => {
  test("a stop word hides what holds it, and is counted", async () => {
    configure("stopWords: [LoadTest]");
    const report = await scan();
    expect(places(report)).toEqual(without("staged SESSION_SECRET"));
    expect(report.ignored).toContainEqual({ by: expect.stringContaining("loadtest") as string, count: 1 });
  });

  test("a rule that is off does not count; the name still does", async () => {
    const { findings } = await scan();
    const rule = findings.find(({ name }) => name === "GITHUB_TOKEN")?.rule;
    expect(rule).toBe("github-token");
    configure("rules: { off: [github-token] }");
    const report = await scan();
    // The name alone still says that it is a token.
    expect(report.findings.find(({ name }) => name === "GITHUB_TOKEN")?.rule).not.toBe("github-token");
  });

  test("severity is the user's", async () => {
    configure("rules: { severity: { github-token: low } }");
    const report = await scan();
    expect(report.findings.find(({ rule }) => rule === "github-token")?.severity).toBe("low");
  });

  test("own rules, in the configuration and as gitleaks's TOML", async () => {
    writeFileSync(
      join(world.dir, "team.toml"),
      `title = "team"\n[[rules]]\nid = "team-level"\ndescription = "a level"\nregex = '''^inf(o)$'''\nsecretGroup = 1\nkeywords = ["info"]\n`,
    );
    configure(
      `rules: { files: [team.toml], own: [{ id: acme, names: "^LOG_", pattern: "^info$", severity: critical, description: Acme }] }`,
    );
    const report = await scan();
    const mine = report.findings.filter(({ name }) => name === "LOG_LEVEL");
    expect(mine.map(({ rule, severity }) => [rule, severity])).toEqual([["acme", "critical"]]);
    const listed = await world.unsprawl(["rules", "--json"]);
    expect((JSON.parse(listed.stdout) as { rules: { id: string; family: string }[] }).rules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: "acme", family: "own" }),
        expect.objectContaining({ id: "team-level", family: "own" }),
      ]),
    );
    const shown = await world.unsprawl(["rules", "show", "team-level"]);
    expect(shown.stdout).toMatch(/source +.*team\.toml/);
  });

  test("a rule that there is not is named, with the nearest", async () => {
    configure("rules: { off: [github-tokn] }");
    const ran = await world.unsprawl(["scan", "inspect:-"], { stdin: input });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/no rule "github-tokn"[\s\S]*github-token/);
  });
});

test("gitleaks's allowlists for all rules hold for what the built-in rules find", async () => {
  const list = (text: string): void => writeFileSync(join(world.dir, "team.toml"), text);
  configure("rules: { files: [team.toml] }");
  list(`[allowlist]\nstopwords = ["LOADTEST"]\n`);
  const report = await scan();
  expect(places(report)).toEqual(without("staged SESSION_SECRET"));
  expect(report.ignored).toContainEqual({ by: "allowlist: allowlist of team.toml: stop word", count: 1 });
  list(`[[allowlists]]\npaths = ['Env\\[1\\]$']\n[[allowlists]]\nregexTarget = "line"\nregexes = ['^SESSION_']\n`);
  expect(places(await scan())).toEqual(without("quiet OTHER_TOKEN", "shop GITHUB_TOKEN", "staged SESSION_SECRET"));
});

describe("rules", () => {
  test("show and the list tell what the configuration makes of a rule", async () => {
    configure("rules: { off: [github-token], severity: { github-token: low, high-entropy: critical } }");
    const { stdout } = await world.unsprawl(["rules", "show", "high-entropy"]);
    expect(stdout).toMatch(/^severity +critical$/m);
    expect(stdout).toMatch(/^configured +severity set in the configuration/m);
    const shown = JSON.parse((await world.unsprawl(["rules", "show", "github-token", "--json"])).stdout) as object;
    expect(shown).toMatchObject({ rule: { severity: "low", state: "off", configured: { length: 2 } } });
    const { rules } = JSON.parse((await world.unsprawl(["rules", "--json"])).stdout) as { rules: { id: string }[] };
    expect(rules.find(({ id }) => id === "github-token")).toMatchObject({ severity: "low", state: "off" });
  });

  test("a row that dismisses findings in texts is explained, listed and switched off like a rule", async () => {
    mkdirSync(join(world.dir, "texts"), { recursive: true });
    writeFileSync(join(world.dir, "texts/values.yaml"), "# password: changeme\n");
    const found = async (): Promise<unknown> => {
      const { stdout } = await world.unsprawl([
        "scan",
        `dir:${join(world.dir, "texts")}`,
        "--json",
        "--min-confidence",
        "low",
      ]);
      return JSON.parse(stdout);
    };
    expect(await found()).toMatchObject({
      findings: [{ confidence: "low", why: expect.arrayContaining([expect.stringContaining("(text-commented)")]) }],
    });
    const { stdout } = await world.unsprawl(["rules", "show", "text-commented"]);
    expect(stdout).toMatch(/^description +commented out, as examples are$/m);
    configure("rules: { off: [text-commented] }");
    expect(await found()).toMatchObject({ findings: [{ confidence: "medium" }] });
    const listed = JSON.parse((await world.unsprawl(["rules", "--json"])).stdout) as { dismissals: { id: string }[] };
    expect(listed.dismissals.find(({ id }) => id === "text-commented")).toMatchObject({ state: "off" });
  });

  test("a row that dismisses a value is named, explained and switched off", async () => {
    const asked = async (): Promise<unknown> =>
      JSON.parse(
        (await world.unsprawl(["classify"], { stdin: '{"name":"API_SECRET","value":"auth.example.com"}\n' })).stdout,
      );
    expect(await asked()).toMatchObject({ secret: false, rule: "setting", why: ["is a host name (value-host)"] });
    const { stdout } = await world.unsprawl(["rules", "show", "value-host"]);
    expect(stdout).toMatch(/^description +is a host name$/m);
    configure("rules: { off: [value-host] }");
    expect(await asked()).toMatchObject({ secret: true });
  });

  test("lists more than 250 by family, each with what it finds", async () => {
    const { stdout, code } = await world.unsprawl(["rules"]);
    expect(code).toBe(0);
    expect(Number(/^(\d+) rules/m.exec(stdout)?.[1])).toBeGreaterThan(250);
    expect(stdout).toMatch(/^payments \(\d+\)$/m);
    const { rules } = JSON.parse((await world.unsprawl(["rules", "--json"])).stdout) as {
      rules: { reference: string; description: string; severity: string }[];
    };
    for (const rule of rules) expect(rule.description.length).toBeGreaterThan(3);
  });

  test("show explains one with a made-up example, and a slip is answered with the nearest", async () => {
    const { stdout } = await world.unsprawl(["rules", "show", "github-token"]);
    expect(stdout).toMatch(/^example +\S+/m);
    const other = await world.unsprawl(["rules", "show", "github-pat"]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/did you mean one of these: .*github-token/)]);
    const slip = await world.unsprawl(["rules", "show", "github-tokna"]);
    expect([slip.code, slip.stderr]).toEqual([1, expect.stringMatching(/did you mean github-token/)]);
  });

  test("judges a value from stdin, and does not say it again", async () => {
    // A slash that is not encoded ends what stands before a URL's path: of `app:6/…@db` nobody can tell which it is.
    const inUrl = make.base62(20);
    const { stdout, code } = await world.unsprawl(["rules", "test", "--name", "DB_URL"], {
      stdin: ["postgres", "://", "app:", inUrl, "@db/shop"].join(""),
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain(inUrl);
    expect(stdout).toMatch(/^secret: /);
    expect(stdout).toMatch(/the secret part: .*characters 16 to /);
    expect(stdout).toMatch(/it would not be a secret if /);
  });
});
