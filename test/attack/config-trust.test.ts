import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assemble } from "../../src/assembly/index.ts";
import { readOwned } from "../../src/core/config/owned.ts";
import { kit, ruleById } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

/**
 * An `unsprawl.yaml` that somebody else put into the working folder: it gets no credential, no value and no program run,
 * and turns no scan green, until the folder's owner trusts it.
 */

const OTHER = 12_345;
const make = kit(SEED);
const [token, password, other] = [make.base62(24), make.base62(20), make.base62(20)];
const github = (ruleById("github-token")?.examples(make)[0] ?? "") as string;

/** Everything that was sent to the attacker's address. */
let heard: string[] = [];
let server: Server;
let evil = "";
let world: World;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
      response.end("{}");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  evil = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world = makeWorld("unix:///nowhere", { VAULT_TOKEN: token }, { trusted: false });
  writeFileSync(join(world.dir, "a.env"), `DB_PASSWORD=${password}\nGITHUB_TOKEN=${github}\n`);
  writeFileSync(join(world.dir, "root-only"), other, { mode: 0o600 });
});
afterAll(() => {
  server.close();
  world.remove();
});
beforeEach(() => {
  heard = [];
  rmSync(file(), { force: true });
  rmSync(join(world.dir, "config"), { recursive: true, force: true });
  chmodSync(world.dir, 0o700);
  chownSync(world.dir, 0, 0);
});

const file = (): string => join(world.dir, "unsprawl.yaml");
const put = (yaml: string): void => writeFileSync(file(), yaml);
const unsprawl = (...args: readonly string[]): Promise<Ran> => world.unsprawl(args);
const trust = async (...args: readonly string[]): Promise<Ran> => unsprawl("trust", ...args);

/** Nothing that an attacker wants has left, by whatever way. */
function nothingSent(...ran: readonly Ran[]): void {
  expect(heard).toEqual([]);
  for (const { stdout, stderr } of ran)
    for (const secret of [token, password, other]) expect(stdout + stderr).not.toContain(secret);
}

describe("before it is trusted", () => {
  test("a store of its own gets no token and no value, from no verb", async () => {
    put(`stores: { team: { provider: vault, address: "${evil}" } }`);
    const doctor = await unsprawl("doctor", "--no-residue");
    expect([doctor.code, doctor.stdout]).toEqual([
      1,
      expect.stringMatching(/✗ +configuration .*is not trusted: stores\.team does not apply\n +→ unsprawl trust/),
    ]);
    expect(doctor.stdout).not.toContain("store team");
    for (const args of [
      ["plan", "env:a.env", "--to", "team"],
      ["migrate", "env:a.env", "--to", "team", "--yes"],
      ["stores", "check", "team"],
      ["stores"],
      ["stores", "policy", "api", "--to", "team"],
      ["scan", "team:"],
    ]) {
      const ran = await unsprawl(...args);
      expect([args, ran.code, ran.stderr]).toEqual([
        args,
        2,
        expect.stringMatching(/not trusted[^]*next:\S* unsprawl trust/),
      ]);
      nothingSent(ran);
    }
    const ran = await world.unsprawl(["run", "--", "true"], { env: { X: "ref+vault://secret/apps/payroll#/PW" } });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("not trusted")]);
    nothingSent(doctor, ran);
    expect(readFileSync(join(world.dir, "a.env"), "utf8")).toContain(password);
  });

  test("a reference goes to the store that the environment names", async () => {
    put(`stores: { aaa: { provider: vault, address: "${evil}" } }`);
    const env = { X: "ref+vault://secret/apps/payroll#/PW", VAULT_ADDR: "http://127.0.0.1:1" };
    const ran = await world.unsprawl(["run", "--", "true"], { env });
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("127.0.0.1:1")]);
    nothingSent(ran);
  });

  test("no file is read as a credential", async () => {
    put(`stores:
  b: { provider: vault, address: "${evil}", auth: { method: userpass, username: a, passwordFile: /etc/shadow } }
  t: { provider: vault, address: "${evil}", auth: { method: token, tokenFile: ${join(world.dir, "root-only")} } }
`);
    nothingSent(await unsprawl("doctor", "--no-residue"), await unsprawl("stores", "check", "t"));
  });

  test("no program runs, and no webhook is called", async () => {
    const ran = join(world.dir, "it-ran");
    put(`notify:
  x: { kind: command, command: [sh, -c, "touch ${ran}"] }
  y: { kind: webhook, url: "${evil}" }
`);
    const watched = await unsprawl("watch", "env:a.env", "--once");
    expect([watched.code, watched.stderr]).toEqual([2, expect.stringMatching(/notify\.x, notify\.y do not apply/)]);
    nothingSent(watched, await unsprawl("doctor", "--no-residue"));
    expect(existsSync(ran)).toBe(false);
  });

  test("--verify does not send a secret to an address of its own", async () => {
    put(`verify: { endpoints: { github: "${evil}" } }`);
    const ran = await unsprawl("scan", "env:a.env", "--verify");
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("verify.endpoints.github does not apply")]);
    nothingSent(ran);
  });

  test("engines, a database and a schedule of its own are not used", async () => {
    put(`hosts: { web: { address: "tcp://${evil.slice(7)}" } }
fleet: { database: { urlFile: root-only } }
watch: { every: 1s, metrics: { file: ${join(world.dir, "m.prom")} } }
`);
    const runs = [
      await unsprawl("scan", "--hosts"),
      await unsprawl("fleet", "status"),
      await unsprawl("watch", "--once", "env:a.env"),
      await unsprawl("watch", "install", "systemd"),
    ];
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    nothingSent(...runs);
    expect(existsSync(join(world.dir, "m.prom"))).toBe(false);
  });

  test.each([
    ["failOn: never", "failOn"],
    ["failOn: high\nminConfidence: high", "failOn, minConfidence"],
    ["ignore: [{ name: '*', reason: planted }]", "ignore[0]"],
    ["ignore: [{ name: '**' }, { subject: '?*' }]", "ignore[0], ignore[1]"],
    ["ignore: [{ where: env }, { where: file }, { source: '*' }]", "ignore[0], ignore[1], ignore[2]"],
    ["ignore: [{ name: '{*,abc}' }, { path: '*' }, { name: '!(abc)' }]", "ignore[0], ignore[1], ignore[2]"],
    ["ignore: [{ name: '*_PASSWORD' }, { name: '*TOKEN*' }]", "ignore[0], ignore[1]"],
    [`stopWords: [${Array.from("abcdefghijklmnopqrstuvwxyz0123456789", (one) => `"${one}"`).join(", ")}]`, "stopWords"],
    ["ignore: [{ subject: 'a.*' }, { subject: a.env }]", "ignore[0], ignore[1]"],
    ["ignore: [{ path: 'DB_*' }, { image: 'x' }, { label: 'a=abc' }]", "ignore[0], ignore[1], ignore[2]"],
    ["ignore: [{ name: DB_PASSWORD }, { name: GITHUB_TOKEN, subject: 'a.*' }]", "ignore[0], ignore[1]"],
    ["ignore: [{ name: '!X', subject: a.env }, { name: DB_PASSWORD, source: 'env:' }]", "ignore[0], ignore[1]"],
    ["rules: { files: [all.toml] }", "rules.files"],
  ])("a scan does not turn green by %j", async (yaml, named) => {
    writeFileSync(join(world.dir, "all.toml"), "[allowlist]\nregexes = ['''.*''']\npaths = ['''.*''']\n");
    put(yaml);
    const ran = await unsprawl("scan", "env:a.env");
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toContain("DB_PASSWORD");
    expect(ran.stdout).toContain("GITHUB_TOKEN");
    expect(ran.stderr.match(/warning: /g)).toHaveLength(1);
    expect(ran.stderr).toContain(`${file()} is not trusted: ${named} do`);
    const json = JSON.parse((await unsprawl("scan", "env:a.env", "--json")).stdout) as { notes: readonly string[] };
    expect(json.notes[0]).toContain(named);
    nothingSent(ran);
  });

  test("rules that are switched off by the dozen stay on", async () => {
    const ids = (JSON.parse((await unsprawl("rules", "--json")).stdout) as { rules: { id: string }[] }).rules;
    put(`rules: { off: [${ids.map(({ id }) => id).join(", ")}] }`);
    const ran = await unsprawl("scan", "env:a.env");
    expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining("rules.off does not apply")]);
  });

  test("rules that are ignored one by one hide nothing", async () => {
    const ids = (JSON.parse((await unsprawl("rules", "--json")).stdout) as { rules: { id: string }[] }).rules;
    put(`ignore:\n${ids.map(({ id }) => `  - { rule: ${id} }\n`).join("")}`);
    const ran = await unsprawl("scan", "env:a.env");
    expect([ran.code, ran.stdout.includes("DB_PASSWORD"), ran.stdout.includes("GITHUB_TOKEN")]).toEqual([
      3,
      true,
      true,
    ]);
    expect(ran.stderr).toContain(`ignore[0], ignore[1], ignore[2], ignore[3], ignore[4] and ${ids.length - 5} more do`);
  });

  test("a gate that misses rules of the project does not turn green either", async () => {
    writeFileSync(join(world.dir, "team.toml"), `[[rules]]\nid = "team"\ndescription = "t"\nregex = '''zz-\\d+'''\n`);
    writeFileSync(join(world.dir, "b.env"), "LEVEL=zz-1\n");
    put("rules: { files: [team.toml] }");
    const ran = await unsprawl("scan", "env:b.env", "--format", "junit");
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining("rules.files does not apply")]);
    await trust();
    expect((await unsprawl("scan", "env:b.env", "--fail-on", "low", "--min-confidence", "low")).code).toBe(3);
  });

  test("what cannot hurt counts: a narrow ignore, one rule, a stop word, a stricter level", async () => {
    put(
      "ignore: [{ name: DB_PASSWORD, subject: a.env, reason: r }]\nfailOn: low\nrules: { off: [high-entropy] }\nstopWords: [loadtest]",
    );
    const ran = await unsprawl("scan", "env:a.env");
    expect([ran.code, ran.stdout.includes("DB_PASSWORD"), ran.stderr]).toEqual([3, false, ""]);
  });
});

describe("unsprawl trust", () => {
  test("shows what it trusts; then it counts, until one of these settings changes", async () => {
    put(
      `stores: { team: { provider: vault, address: "${evil}", auth: { method: token, tokenFile: root-only } } }\nfailOn: never\n`,
    );
    const printed = await trust("--print");
    expect(printed.stdout).toContain("nothing was changed");
    expect((await unsprawl("stores")).code).toBe(2);
    const ran = await trust();
    expect(ran.stdout).toMatch(/stores\.team\.address +http:\/\/127/);
    expect(ran.stdout).toMatch(/stores\.team\.auth\.tokenFile +root-only/);
    expect(ran.stdout).toMatch(/failOn +never/);
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining("trusted until")]);
    // A folder that is trusted does get it: what hears nothing above would hear it.
    await unsprawl("plan", "env:a.env", "--to", "team");
    expect(heard.join("\n")).toContain(other);
    heard = [];
    expect((await unsprawl("scan", "env:a.env")).code).toBe(0);
    // What needs no trust may change.
    put(`${readFileSync(file(), "utf8")}ignore: [{ name: DB_PASSWORD, subject: a.env }]\n`);
    expect((await unsprawl("stores")).code).toBe(0);
    put(readFileSync(file(), "utf8").replace("root-only", "/etc/shadow"));
    const changed = await unsprawl("stores", "check", "team");
    expect([changed.code, changed.stderr]).toEqual([2, expect.stringContaining("has changed since it was trusted")]);
    nothingSent(changed);
    expect((await trust("--list")).stdout).toMatch(/changed/);
    expect((await trust("--remove")).code).toBe(0);
    expect(JSON.parse((await trust("--list", "--json")).stdout)).toEqual({ version: 1, folders: [] });
  });

  test("a file of rules that has changed is another configuration", async () => {
    writeFileSync(join(world.dir, "all.toml"), `[[rules]]\nid = "team"\ndescription = "t"\nregex = '''zz-\\d+'''\n`);
    put("rules: { files: [all.toml] }");
    await trust();
    expect((await unsprawl("scan", "env:a.env")).stderr).toBe("");
    writeFileSync(join(world.dir, "all.toml"), "[allowlist]\nregexes = ['''.*''']\n");
    const ran = await unsprawl("scan", "env:a.env");
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("has changed")]);
  });

  test("--always goes through changes; --config and the user's own file need no trust", async () => {
    put(`stores: { team: { provider: vault, address: "${evil}" } }`);
    expect((await trust("--always")).code).toBe(0);
    put(`stores: { other: { provider: vault, address: "${evil}" } }`);
    expect((await unsprawl("stores")).stdout).toContain("other");
    expect((await trust("--remove")).code).toBe(0);
    expect((await unsprawl("stores", "--config", "unsprawl.yaml")).stdout).toContain("other");
    rmSync(file());
    mkdirSync(join(world.dir, "config/unsprawl"), { recursive: true });
    writeFileSync(join(world.dir, "config/unsprawl/config.yaml"), "stores: { mine: { provider: local } }");
    expect((await unsprawl("stores")).stdout).toContain("mine");
  });

  test.each([
    "vault",
    "local",
    "aws-kms",
    "aws-ssm",
    "aws-secrets-manager",
    "azure-key-vault",
    "gcp-secret-manager",
    "keywhiz",
  ])("no file gives another meaning to %s", async (name) => {
    put(`stores: { ${name}: { provider: vault, address: "${evil}" } }`);
    for (const explicit of [null, "unsprawl.yaml"])
      await expect(assemble(world.env, world.dir, explicit).store(name)).rejects.toMatchObject({
        code: "config",
        hint: expect.stringContaining(`our-${name}`) as string,
      });
    nothingSent();
  });
});

describe("a file that another user can write", () => {
  const yaml = (): string => `stores: { team: { provider: vault, address: "${evil}" } }`;
  const refused = async (why: RegExp): Promise<void> => {
    // Whatever was trusted here before.
    mkdirSync(join(world.dir, "config/unsprawl"), { recursive: true });
    const list = JSON.stringify({ version: 1, folders: { [world.dir]: "*" } });
    writeFileSync(join(world.dir, "config/unsprawl/trusted.json"), list, { mode: 0o600 });
    for (const args of [["stores", "check", "team"], ["trust"], ["plan", "env:a.env", "--to", "team"]]) {
      const ran = await unsprawl(...args);
      expect(ran.code).not.toBe(0);
      expect(ran.stderr).toMatch(why);
      nothingSent(ran);
    }
  };

  test("belongs to somebody else", async () => {
    put(yaml());
    chownSync(file(), OTHER, OTHER);
    await refused(new RegExp(`belongs to user ${OTHER}, not to you[^]*--config`));
    // Named by hand it is meant, and whose it is stands beside it.
    const named = await unsprawl("stores", "--config", "unsprawl.yaml");
    expect([named.code, named.stderr]).toEqual([0, expect.stringContaining(`belongs to user ${OTHER}`)]);
  });

  test("hides nothing, however narrow; what is stricter counts", async () => {
    put("minConfidence: low");
    const { findings } = JSON.parse((await unsprawl("scan", "env:a.env", "--json")).stdout) as {
      findings: { name: string; fingerprint: string }[];
    };
    const print = findings.find(({ name }) => name === "DB_PASSWORD")?.fingerprint.slice(0, 16) ?? "";
    const hiding = `ignore: [{ name: DB_PASSWORD, subject: a.env }, { fingerprint: "${print}" }]
rules: { off: [github-token] }
stopWords: ["${github.slice(0, 12)}"]
`;
    put(hiding);
    const own = await unsprawl("scan", "env:a.env");
    expect([own.stdout.includes("DB_PASSWORD"), own.stderr]).toEqual([false, ""]);
    put(`${hiding}failOn: never\n`);
    chownSync(file(), OTHER, OTHER);
    const ran = await unsprawl("scan", "env:a.env");
    expect([ran.code, ran.stdout]).toEqual([3, expect.stringContaining("DB_PASSWORD")]);
    expect(ran.stdout).toContain("GitHub access token");
    expect(ran.stderr).toMatch(/failOn, rules\.off, stopWords, ignore\[0\], ignore\[1\] do not apply/);
    writeFileSync(file(), "failOn: low");
    const strict = await unsprawl("scan", "env:a.env");
    expect([strict.code, strict.stderr]).toEqual([3, ""]);
  });

  test.each([
    [0o664, OTHER],
    [0o666, 0],
  ])("can be written, mode %o, group %i", async (mode, group) => {
    put(yaml());
    chownSync(file(), 0, group);
    chmodSync(file(), mode);
    await refused(/can be written by [^]*chmod go-w/);
    const named = await unsprawl("stores", "--config", "unsprawl.yaml");
    expect([named.code, named.stderr]).toEqual([0, expect.stringContaining("can be written by")]);
  });

  test("lies in a folder of somebody else's, or one that everybody can write to", async () => {
    put(yaml());
    chmodSync(world.dir, 0o777);
    await refused(/can be written by everybody/);
    chmodSync(world.dir, 0o755);
    chownSync(world.dir, OTHER, OTHER);
    await refused(/belongs to user/);
  });

  test("is reached by a link: of somebody else, or to a file or folder of somebody else", async () => {
    const theirs = mkdtempSync(join(tmpdir(), "unsprawl-theirs-"));
    chmodSync(theirs, 0o755);
    writeFileSync(join(theirs, "x.yaml"), yaml());
    symlinkSync(join(theirs, "x.yaml"), file());
    expect((await trust("--always")).code).toBe(0);
    expect((await unsprawl("stores")).stdout).toContain("team");
    chownSync(join(theirs, "x.yaml"), OTHER, OTHER);
    await refused(/belongs to user/);
    chownSync(join(theirs, "x.yaml"), 0, 0);
    chownSync(theirs, OTHER, OTHER);
    await refused(/belongs to user/);
    chownSync(theirs, 0, 0);
    lchownSync(file(), OTHER, OTHER);
    await refused(/belongs to user/);
    rmSync(theirs, { recursive: true });
  });

  test("is not one of who called sudo, nor of a group that a user has alone", () => {
    put(yaml());
    chownSync(file(), OTHER, OTHER);
    expect(readOwned(file(), { SUDO_UID: String(OTHER) }, true)).toEqual({ text: yaml(), foreign: null });
    expect(readOwned(file(), { SUDO_UID: "1" }, true)?.foreign).not.toBe(null);
    chownSync(file(), 0, 0);
    chmodSync(file(), 0o664);
    expect(readOwned(file(), {}, true)?.foreign).toBe(null);
  });

  test("is the list of trusted folders itself, or the user's own configuration", async () => {
    put(yaml());
    mkdirSync(join(world.dir, "config/unsprawl"), { recursive: true });
    const list = join(world.dir, "config/unsprawl/trusted.json");
    writeFileSync(list, JSON.stringify({ version: 1, folders: { [world.dir]: "*" } }));
    chownSync(list, OTHER, OTHER);
    const ran = await unsprawl("stores", "check", "team");
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("trusted.json belongs to user")]);
    rmSync(list);
    rmSync(file());
    writeFileSync(join(world.dir, "config/unsprawl/config.yaml"), yaml());
    chmodSync(join(world.dir, "config/unsprawl/config.yaml"), 0o666);
    expect((await unsprawl("stores", "check", "team")).code).toBe(2);
    nothingSent(ran);
  });
});

test.each([{ HOME: "" }, { HOME: undefined }, { HOME: "." }])(
  "the working folder is nobody's home: %j",
  async (home) => {
    for (const [name, text] of [
      [".config/unsprawl/config.yaml", `stores: { team: { provider: vault, address: "${evil}" } }`],
      [".config/unsprawl/trusted.json", JSON.stringify({ version: 1, folders: { [world.dir]: "*" } })],
      [".vault-token", token],
    ] as const) {
      mkdirSync(join(world.dir, ".config/unsprawl"), { recursive: true });
      writeFileSync(join(world.dir, name), text);
    }
    const env = { ...home, XDG_CONFIG_HOME: ".config", VAULT_TOKEN: undefined, VAULT_ADDR: evil };
    const ran = await world.unsprawl(["stores", "check", "team"], { env });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('no store named "team"')]);
    const built = await world.unsprawl(["stores", "check", "vault"], { env });
    nothingSent(ran);
    expect(heard.join("\n") + built.stdout + built.stderr).not.toContain(token);
  },
);
