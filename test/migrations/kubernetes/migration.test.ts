import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { fill, type Filled } from "./expected.ts";
import { MANIFESTS } from "./manifests.ts";
import { QUIET, REFUSED } from "./refused.ts";
import { startMoto, type Moto } from "../../services/moto.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { pythonProgram } from "../../services/python.ts";
import { filesBelow, random, Watch } from "../../support/canary.ts";
import { DEEP, sample } from "../../support/deep.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

/** Manifests as people write them, moved by the real program into a real OpenBao and brought back. No engine is asked. */

const NO_ENGINE = "unix:///nonexistent/docker.sock";
let bao: OpenBao;

beforeAll(async () => void (bao = await startOpenBao()));
afterAll(() => bao?.stop());

function newWorld(): World {
  return makeWorld(NO_ENGINE, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
}

const secretsOf = (file: string): string => file.replace(/\.\w+$/, "-secrets.yaml");

describe("a folder of manifests", () => {
  let world: World;
  // Half of them in each run: each file that is written is sealed first, which takes a tenth of a second by design.
  // One always: its ConfigMap has what stays where it is.
  const [stays, others] = [["grafana.yaml"], Object.keys(MANIFESTS).filter((file) => file !== "grafana.yaml")];
  const drawn = [...stays, ...sample(others, 11)].map((file) => [file, MANIFESTS[file] ?? ""] as const);
  const filled = new Map<string, Filled>(drawn.map(([file, text]) => [file, fill(text)]));
  const said: Ran[] = [];
  let rolledBack: ReadonlyMap<string, string | null> = new Map();
  let migrated: ReadonlyMap<string, string | null> = new Map();
  const read = (file: string): string | null => {
    const at = join(world.dir, "k8s", file);
    return existsSync(at) ? readFileSync(at, "utf8") : null;
  };
  const all = (): Map<string, string | null> =>
    new Map([...filled.keys()].flatMap((file) => [file, secretsOf(file)]).map((file) => [file, read(file)]));
  const watch = new Watch(
    [...filled].flatMap(([file, { moved }]) =>
      moved.map((value, index) => ({ name: `${file} ${index}`, value, parts: [value] })),
    ),
  );
  const leaks: string[] = [];

  beforeAll(async () => {
    world = newWorld();
    for (const [file, { before }] of filled) write(world, join("k8s", file), before);
    said.push(await world.unsprawl(["scan", "kubernetes:k8s", "--json"]));
    said.push(await world.unsprawl(["plan", "kubernetes:k8s", "--to", "vault", "-o", "plan.json"]));
    said.push(await world.unsprawl(["apply", "plan.json"]));
    migrated = all();
    leaks.push(...watch.findInFiles(world.dir));
    said.push(await world.unsprawl(["rollback"]));
    rolledBack = all();
  });
  afterAll(() => world?.remove());

  it("is planned, moved and rolled back", () => {
    const [, planned, applied, back] = said;
    expect(planned?.code, planned?.stderr).toBe(3);
    expect(applied?.code, applied?.stderr).toBe(0);
    expect(back?.code, back?.stderr).toBe(0);
  });

  it("is drawn from at least twenty", () => expect(Object.keys(MANIFESTS).length).toBeGreaterThanOrEqual(20));

  it.each([...filled.keys()])("%s: only the lines that carried a secret differ", (file) => {
    expect(migrated.get(file)).toBe(filled.get(file)?.after);
  });

  it.each([...filled.keys()])("%s: rollback gives back every byte, and takes the new file away", (file) => {
    expect(rolledBack.get(file)).toBe(filled.get(file)?.before);
    expect(rolledBack.get(secretsOf(file))).toBeNull();
  });

  it.each([...filled].filter(([, { moved }]) => moved.length > 0).map(([file]) => file))(
    "%s: what it asks for is made beside it",
    (file) => {
      const made = objects(migrated.get(secretsOf(file)) ?? "").filter(({ kind }) => kind === "ExternalSecret");
      const makes = made.flatMap(({ metadata: { namespace = null }, spec }) =>
        spec.data.map(({ secretKey }) => ({ namespace, name: spec.target.name, key: secretKey })),
      );
      const asked = objects(migrated.get(file) ?? "").flatMap((object) =>
        (object.kind === "List" ? (object.items ?? []) : [object]).flatMap((one) =>
          asks(one).map((ref) => ({ namespace: one.metadata.namespace ?? null, ...ref })),
        ),
      );
      const unique = new Set(asked.map((one) => JSON.stringify(one)));
      expect(new Set(makes.map((one) => JSON.stringify(one)))).toEqual(unique);
    },
  );

  it("no value is told, nor kept in any file", () => {
    expect(leaks).toEqual([]);
    expect(said.flatMap(({ stdout, stderr }) => watch.find(stdout + stderr))).toEqual([]);
  });

  it("is still valid to Kubernetes' own schema", async () => {
    const validate = await pythonProgram("kubernetes-validate");
    const known = /^apiVersion: (?:v1|apps\/v1|batch\/v1)$/m;
    const dir = join(world.dir, "validated");
    mkdirSync(dir);
    const files = [...migrated].flatMap(([file, text]) => {
      if (
        text === null ||
        file.endsWith("-secrets.yaml") ||
        !known.test(text) ||
        /kind: List|"/.test(text.slice(0, 40))
      )
        return [];
      const at = join(dir, file.replace("/", "-"));
      writeFileSync(at, text.replace(/^---\n# first.*\n|\.\.\.\n---\n# The end.\n$/gm, ""));
      return [at];
    });
    expect(files.length).toBeGreaterThan(DEEP ? 10 : 0);
    // The validator, which is in Python, takes a third of a second for each.
    const some = sample(files, 5);
    expect(() => execFileSync(validate, ["--strict", "--quiet", ...some], { stdio: "pipe" })).not.toThrow();
  });
});

describe("what stays", () => {
  let world: World;
  let planned: Ran;
  let notMoved: readonly NotMoved[] = [];
  const filled = Object.entries(REFUSED).map(([file, { text }]) => [file, fill(text)] as const);

  beforeAll(async () => {
    world = newWorld();
    const texts = [...filled.map(([file, { before }]) => [file, before] as const), ...Object.entries(QUIET)];
    for (const [file, text] of texts) write(world, join("k8s", file), text);
    planned = await world.unsprawl(["plan", "kubernetes:k8s", "--to", "vault", "--json", "--min-confidence", "low"]);
    const plan = JSON.parse(planned.stdout) as { readonly notMoved: readonly NotMoved[]; readonly steps: unknown[] };
    ({ notMoved } = plan);
    expect(plan.steps).toEqual([]);
  });
  afterAll(() => world?.remove());

  const cases = Object.entries(REFUSED).flatMap(([file, { why }]) =>
    Object.entries(why).map(([name, [reason, hint]]) => ({ file, name, reason, hint })),
  );
  it.each(cases)("$file: $name is told with the reason", ({ file, name, reason, hint }) => {
    const found = notMoved.filter(
      ({ finding }) =>
        finding.name === name && finding.location.subjectId.split("#")[0] === join(world.dir, "k8s", file),
    );
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) {
      expect(one.reason).toMatch(reason);
      expect(one.hint).toMatch(hint);
    }
  });

  it("references, ciphertext and other files are no findings", () => {
    const quiet = Object.keys(QUIET).map((file) => join(world.dir, "k8s", file));
    expect(notMoved.filter(({ finding }) => quiet.includes(finding.location.subjectId.split("#")[0] ?? ""))).toEqual(
      [],
    );
  });

  it("no value is told", () => {
    const values = filled.flatMap(([file, { stays }]) => stays.map((value) => ({ name: file, value, parts: [value] })));
    expect(new Watch(values).find(planned.stdout + planned.stderr)).toEqual([]);
  });

  it("Helm templates are told, and make the scan incomplete", async () => {
    const scan = await world.unsprawl(["scan", "kubernetes:k8s/chart", "--json", "--fail-on", "never"]);
    expect(scan.code).not.toBe(0);
    const { sources } = JSON.parse(scan.stdout) as { sources: { errors: { subject: string; hint: string }[] }[] };
    expect(sources[0]?.errors).toMatchObject([
      { subject: "templates", hint: expect.stringContaining("helm template") },
    ]);
  });

  it.each([
    ["k8s/chart/templates/deployment.yaml", /is a Helm template, not read: scan its values\.yaml/, 1],
    ["k8s/ci.yml", /is not a Kubernetes manifest/, 1],
    ["k8s/none.yaml", /no file or folder/, 1],
    ["", /needs a file or a folder/, 2],
  ])("kubernetes:%s is an error of its own", async (what, message, code) => {
    const scan = await world.unsprawl(["scan", `kubernetes:${what}`]);
    expect(scan.stderr).toMatch(message);
    expect(scan.code).toBe(code);
  });

  it("a store that External Secrets cannot read is refused", async () => {
    write(world, "one.yaml", fill(MANIFESTS["mysql.yaml"] ?? "").before);
    const plan = await world.unsprawl(["plan", "kubernetes:one.yaml", "--to", "local", "--json"]);
    const [one] = (JSON.parse(plan.stdout) as { notMoved: readonly NotMoved[] }).notMoved;
    expect(one?.reason).toMatch(/^a cluster cannot read local: External Secrets/);
    expect(one?.hint).toBe("--to a store of vault, aws-secrets-manager, aws-ssm, azure-key-vault, gcp-secret-manager");
  });
});

type NotMoved = {
  readonly reason: string;
  readonly hint: string | null;
  readonly finding: { readonly name: string; readonly location: { readonly subjectId: string } };
};

describe("one manifest", () => {
  let world: World;
  beforeAll(() => void (world = newWorld()));
  afterAll(() => world?.remove());
  const migrate = ["migrate", "kubernetes:api.yaml", "--to", "vault", "--yes"] as const;

  it("the store gets what the container got: quotes, blocks and dollars as Kubernetes reads them", async () => {
    const own = random(16);
    write(
      world,
      "api.yaml",
      manifestOf("forms", [
        `- {name: ONE_PASSWORD, value: '${own}''1'}`,
        `- {name: TWO_PASSWORD, value: "${own}\\t\\u00e42"}`,
        `- name: THREE_PASSWORD\n  value: ${own}$$3$`,
        `- name: FOUR_PASSWORD\n  value: |\n    ${own}4\n    more`,
        `- name: FIVE_PASSWORD\n  value: ${own}5#five # not this`,
        `- name: SIX_PASSWORD\n  value: |- # kept six\n    ${own}6`,
        `- name: SEVEN_PASSWORD\n  value: # kept seven\n    "${own}7"`,
      ]),
    );
    const moved = await world.unsprawl(migrate);
    expect(moved.code, moved.stderr).toBe(0);
    const { data } = (await bao.api("GET", "secret/data/apps/forms")) as { data: { data: object } };
    expect(data.data).toEqual({
      ONE_PASSWORD: `${own}'1`,
      TWO_PASSWORD: `${own}\t\u00e42`,
      THREE_PASSWORD: `${own}$3$`,
      FOUR_PASSWORD: `${own}4\nmore\n`,
      FIVE_PASSWORD: `${own}5#five`,
      SIX_PASSWORD: `${own}6`,
      SEVEN_PASSWORD: `${own}7`,
    });
    const text = readFileSync(join(world.dir, "api.yaml"), "utf8");
    expect(text).not.toContain(own);
    for (const comment of ["not this", "kept six", "kept seven"])
      expect(text.match(new RegExp(` # ${comment}$`, "gm"))).toHaveLength(1);
    expect((await world.unsprawl(["scrub", "--accept", "key-backup"])).code).toBe(0);
    const kept = filesBelow(join(world.dir, "state")).filter((file) => file.endsWith(".sealed"));
    expect(kept).toEqual([]);
  });

  it("a file that changed since the plan is left alone", async () => {
    const before = manifestOf("drift", [`- {name: API_TOKEN, value: ${random(20)}}`]);
    write(world, "api.yaml", before);
    const args = ["plan", "kubernetes:api.yaml", "--to", "vault", "-o", "drift.json"];
    expect((await world.unsprawl(args)).code).toBe(0);
    write(world, "api.yaml", `${before}# changed\n`);
    const applied = await world.unsprawl(["apply", "drift.json"]);
    expect(applied.code).toBe(1);
    expect(applied.stderr).toMatch(/api\.yaml has changed since the plan was made/);
    expect(readFileSync(join(world.dir, "api.yaml"), "utf8")).toBe(`${before}# changed\n`);
    await expect(bao.api("GET", "secret/data/apps/drift")).rejects.toThrow("404");
  });

  it("a file that somebody changed after the run is not rolled back over", async () => {
    const before = manifestOf("later", [`- {name: API_TOKEN, value: ${random(20)}}`]);
    write(world, "api.yaml", before);
    expect((await world.unsprawl(migrate)).code).toBe(0);
    const after = readFileSync(join(world.dir, "api.yaml"), "utf8");
    write(world, "api.yaml", `${after}# mine\n`);
    const back = await world.unsprawl(["rollback"]);
    expect(back.code).toBe(5);
    expect(back.stderr).toContain("somebody else changed it");
    write(world, "api.yaml", after);
    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(readFileSync(join(world.dir, "api.yaml"), "utf8")).toBe(before);
  });

  it("is moved a part at a time, each with a Secret and a file of its own", async () => {
    const world = newWorld();
    const before = manifestOf("parts", [
      `- {name: API_TOKEN, value: ${random(20)}}`,
      `- {name: DB_PASSWORD, value: ${random(20)}}`,
    ]);
    write(world, "api.yaml", before);
    const runs: string[] = [];
    for (const only of ["API_TOKEN", "DB_PASSWORD"]) {
      const moved = await world.unsprawl([...migrate, "--only", only]);
      runs.unshift(/unsprawl rollback (\S+)/.exec(moved.stdout)?.[1] ?? moved.stderr);
    }
    const text = readFileSync(join(world.dir, "api.yaml"), "utf8");
    expect(text).toContain("secretKeyRef: {name: parts-secrets, key: API_TOKEN}");
    expect(text).toContain("secretKeyRef: {name: parts-secrets-2, key: DB_PASSWORD}");
    for (const file of ["api-secrets.yaml", "api-secrets-2.yaml"]) expect(existsSync(join(world.dir, file))).toBe(true);
    for (const run of runs) expect((await world.unsprawl(["rollback", run])).code).toBe(0);
    expect(readFileSync(join(world.dir, "api.yaml"), "utf8")).toBe(before);
    expect(existsSync(join(world.dir, "api-secrets.yaml"))).toBe(false);
    world.remove();
  });
});

describe("AWS", () => {
  let moto: Moto;
  beforeAll(async () => void (moto = await startMoto()));
  afterAll(() => moto?.stop());

  it.each([
    ["aws-secrets-manager", "SecretsManager", { key: "apps/api", property: "API_TOKEN" }],
    ["aws-ssm", "ParameterStore", { key: "/apps/api/API_TOKEN" }],
  ])("%s is told to External Secrets", async (provider, service, remoteRef) => {
    const { HOME: _, ...env } = moto.env;
    const world = makeWorld(NO_ENGINE, env);
    try {
      write(world, "api.yaml", manifestOf("api", [`- {name: API_TOKEN, value: ${random(20)}}`]));
      const moved = await world.unsprawl(["migrate", "kubernetes:api.yaml", "--to", provider, "--yes"]);
      expect(moved.code, moved.stderr).toBe(0);
      const [store, secret] = objects(readFileSync(join(world.dir, "api-secrets.yaml"), "utf8"));
      expect(store?.spec.provider).toMatchObject({ aws: { service, region: moto.region } });
      expect(secret?.spec.data).toEqual([{ secretKey: "API_TOKEN", remoteRef }]);
    } finally {
      world.remove();
    }
  });
});

function write(world: World, file: string, text: string): void {
  const at = join(world.dir, file);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
}

function manifestOf(name: string, env: readonly string[]): string {
  const lines = env.flatMap((one) => one.split("\n")).map((line) => `        ${line}\n`);
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n    - name: app\n      image: example/app:1\n      env:\n${lines.join("")}`;
}

type Ref = { readonly name: string; readonly key: string };
type Thing = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly items?: readonly Thing[];
  readonly spec: {
    readonly data: readonly { readonly secretKey: string; readonly remoteRef: object }[];
    readonly target: { readonly name: string };
    readonly provider: object;
  };
};

function objects(text: string): Thing[] {
  return (parseAllDocuments(text) as { toJS(): unknown }[]).map((one) => one.toJS() as Thing).filter(Boolean);
}

/** Every Secret's key that an object asks for, wherever it does. */
function asks(object: unknown): Ref[] {
  if (typeof object !== "object" || object === null) return [];
  const { secretKeyRef } = object as { secretKeyRef?: Ref };
  return secretKeyRef ? [secretKeyRef] : Object.values(object).flatMap(asks);
}
