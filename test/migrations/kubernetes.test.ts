import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { fill, type Filled } from "../kubernetes/expected.ts";
import { MANIFESTS } from "../kubernetes/manifests.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { pythonProgram } from "../services/python.ts";
import { Watch } from "../support/canary.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

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
  const filled = new Map<string, Filled>(Object.entries(MANIFESTS).map(([file, text]) => [file, fill(text)]));
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
    for (const [file, { before }] of filled) {
      mkdirSync(dirname(join(world.dir, "k8s", file)), { recursive: true });
      writeFileSync(join(world.dir, "k8s", file), before);
    }
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

  it("holds at least twenty", () => expect(filled.size).toBeGreaterThanOrEqual(20));

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
    expect(files.length).toBeGreaterThan(10);
    expect(() => execFileSync(validate, ["--strict", "--quiet", ...files], { stdio: "pipe" })).not.toThrow();
  });
});

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
