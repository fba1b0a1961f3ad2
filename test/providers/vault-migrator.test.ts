import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange, keepBeside, keyBeside } from "../../src/rotate/entries.ts";
import type { RotatedEntry } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { pythonProgram } from "../services/python.ts";
import { makeWorld, type World } from "../support/world.ts";
import { fresh, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";

// The policy of whoever migrates, on a real OpenBao: each of its rights is taken away once, and is then missed by one of the
// verbs that it is for.

let vault: PlainVault;
let world: World;
beforeAll(async () => {
  vault = await plainVault();
  world = makeWorld("unix:///nowhere", { VAULT_ADDR: vault.bao.address });
  await vault.bao.api("POST", "sys/namespaces/team-a", {});
  await vault.bao.api("POST", "team-a/sys/mounts/secret", {
    type: "kv",
    options: { version: "2" },
  });
});
afterAll(async () => {
  await vault?.stop();
  world?.remove();
});

type Place = {
  readonly name: string;
  readonly config: { readonly [key: string]: string };
  readonly version: 1 | 2;
  readonly rights: readonly (readonly [path: string, ...capabilities: readonly string[]])[];
};
const PLACES: readonly Place[] = [
  {
    name: "KV v2",
    config: {},
    version: 2,
    rights: [
      ["secret/data/apps/*", "create", "read", "update", "patch"],
      ["secret/metadata/apps/*", "read", "patch", "delete"],
    ],
  },
  {
    name: "KV v1",
    config: { mount: "kv1" },
    version: 1,
    rights: [["kv1/apps/*", "create", "read", "update", "delete"]],
  },
  {
    name: "a namespace",
    config: { namespace: "team-a" },
    version: 2,
    rights: [
      ["secret/data/apps/*", "create", "read", "update", "patch"],
      ["secret/metadata/apps/*", "read", "patch", "delete"],
    ],
  },
];

const prefix = ({ config }: Place): string => (config["namespace"] === undefined ? "" : `${config["namespace"]}/`);

/** What `stores policy` prints for whoever migrates. */
async function printed({ config }: Place): Promise<string> {
  const file = join(world.dir, "stores.yaml");
  writeFileSync(file, `stores:\n  prod: ${JSON.stringify({ provider: "vault", ...config })}\n`);
  const env = { VAULT_TOKEN: vault.bao.token };
  const said = await world.unsprawl(["stores", "policy", "--to", "prod", "--config", file], {
    env,
  });
  expect(said.code, said.stderr).toBe(0);
  return said.stdout;
}

/** A token with this policy and no other right. */
async function tokenWith(place: Place, policy: string): Promise<string> {
  const name = `test-${randomBytes(6).toString("hex")}`;
  await vault.bao.api("PUT", `${prefix(place)}sys/policies/acl/${name}`, { policy });
  const made = (await vault.bao.api("POST", `${prefix(place)}auth/token/create`, {
    policies: [name],
    no_default_policy: true,
  })) as { auth: { client_token: string } };
  return made.auth.client_token;
}

/** What goes wrong in the life of two secrets of an env file; nothing if the policy suffices. */
async function faults(place: Place, policy: string): Promise<readonly string[]> {
  const faulty: string[] = [];
  const [dir, before] = [join(world.dir, `app-${randomBytes(6).toString("hex")}`), ["ONE", "TWO"].map(assignment)];
  mkdirSync(dir);
  const file = join(dir, ".env");
  writeFileSync(file, before.join(""));
  const subject = `apps/${dir.slice(world.dir.length + 1)}`;
  const env = { VAULT_TOKEN: await tokenWith(place, policy) };
  const config = ["--config", join(world.dir, "stores.yaml")];
  const run = async (...args: string[]): Promise<{ readonly run?: string }> => {
    const { code, stdout, stderr } = await world.unsprawl([...args, "--json", ...config], { env });
    if (code !== 0) faulty.push(`${args[0]}: ${code} ${stderr.slice(0, 300)}`);
    return code === 0 && stdout.startsWith("{") ? (JSON.parse(stdout) as { run?: string }) : {};
  };
  const migrate = async (): Promise<string> => {
    await run("plan", `env:${file}`, "--to", "prod", "-o", join(dir, "plan.json"));
    await run("apply", join(dir, "plan.json"));
    return (JSON.parse(readFileSync(join(dir, "plan.json"), "utf8")) as { id: string }).id;
  };
  const at = async (kind: "data" | "metadata"): Promise<unknown> => {
    const path = place.version === 1 ? `kv1/${subject}` : `secret/${kind}/${subject}`;
    return vault.bao.api("GET", prefix(place) + path).then(
      ({ data }) => data,
      () => null,
    );
  };
  try {
    const id = await migrate();
    await run("rollback", id);
    if (readFileSync(file, "utf8") !== before.join("")) faulty.push("rollback: the file is another");
    if ((await at("metadata")) !== null) faulty.push("rollback: something is left in the store");
    if (place.version === 2) {
      // One that somebody has deleted, and whose versions are still there.
      const path = `${prefix(place)}secret/data/${subject}`;
      await vault.bao.api("POST", path, { data: { OLD: "x" } });
      await vault.bao.api("DELETE", path);
    }
    await run("scrub", await migrate());
    if ((await at("data")) === null) faulty.push("migrate: nothing is in the store");
    await rotate(place, env.VAULT_TOKEN, subject);
  } catch (error) {
    faulty.push(String((error as Error).message));
  }
  return faulty;
}

const assignment = (name: string): string => `${name}_PASSWORD=${randomBytes(15).toString("base64url")}\n`;

/** The writes of a rotation: the next value is kept beside the entry, then put in, then removed there. */
async function rotate({ config }: Place, token: string, path: string): Promise<void> {
  const provider = await vault.open({ token, config });
  const key = { path, field: "ONE_PASSWORD" };
  const from = (await provider.get(key))?.value as Secret;
  const to = fresh();
  const beside = keyBeside(key, "next", "run");
  await keepBeside(provider, beside, to, ORIGIN);
  const entry = { name: "ONE_PASSWORD", key, reference: provider.reference(key) } as RotatedEntry;
  await exchange(provider, entry, { from, to }, ORIGIN);
  await provider.remove(beside, (one) => one.equals(to));
}

/** The rights that the check says are missing, of a token with this policy and the right to ask for its own rights. */
async function namedMissing(place: Place, policy: string): Promise<readonly string[]> {
  const own = line("sys/capabilities-self", ["update"]);
  const token = await tokenWith(place, `${policy}\n${own}`);
  const lines = await (await vault.open({ token, config: place.config })).check();
  expect(lines.filter(({ right, ok }) => ok && !["reach", "authenticate"].includes(right))).toEqual([]);
  return lines.flatMap(({ ok, text }) => (ok ? [] : [text]));
}

const line = (path: string, capabilities: readonly string[]): string =>
  `path "${path}" { capabilities = [${capabilities.map((one) => `"${one}"`).join(", ")}] }`;

describe.each(PLACES)("the policy of whoever migrates, $name", (place) => {
  test("suffices for plan, migrate, rollback, scrub and a rotation's writes", async () => {
    const policy = await printed(place);
    expect(policy.split("\n").filter((one) => one.startsWith("path "))).toEqual(
      place.rights.map(([path, ...capabilities]) => line(path, capabilities)),
    );
    expect(await faults(place, policy)).toEqual([]);
  });

  const each = place.rights.flatMap(([path, ...capabilities]) => capabilities.map((one) => [one, path] as const));
  test.each(each)("without %s %s something fails", async (lacking, path) => {
    const policy = await printed(place);
    const of = place.rights.find(([one]) => one === path)?.slice(1) ?? [];
    const less = policy.replace(
      line(path, of),
      line(
        path,
        of.filter((one) => one !== lacking),
      ),
    );
    expect(less).not.toBe(policy);
    expect(await faults(place, less)).not.toEqual([]);
    expect(await namedMissing(place, less)).toEqual([`the Vault token may not ${lacking} ${path}`]);
  });

  test("the check names all that is missing at once, and writes nothing", async () => {
    const [first = [""], ...others] = place.rights;
    const [path, kept = "", ...lacking] = first;
    const named = await namedMissing(place, line(path, [kept]));
    for (const one of [...lacking, ...others.map(([other]) => other)]) expect(named.join("\n")).toContain(one);
    expect(named.filter((text) => !text.startsWith("the Vault token may not "))).toEqual([]);
  });

  test("its own commands, in a shell, give a token that passes every check", async () => {
    const policy = await printed(place);
    const file = join(vault.dir, "migrator.hcl");
    writeFileSync(file, policy);
    const program = await pythonProgram("bao");
    const env = {
      PATH: `${dirname(program)}:${process.env["PATH"] ?? ""}`,
      HOME: vault.dir,
      BAO_ADDR: vault.bao.address,
      BAO_TOKEN: vault.bao.token,
    };
    let token = "";
    for (const command of policy.split("\n").filter((one) => one.startsWith("# bao ")))
      ({ stdout: token } = await promisify(execFile)("sh", ["-c", command.slice(2).replace(/FILE$/, file)], { env }));
    const lines = await (await vault.open({ token: token.trim(), config: place.config })).check();
    const expected = place.version === 1 ? ["check-and-set"] : [];
    expect(lines.flatMap(({ right, ok }) => (ok ? [] : [right]))).toEqual(expected);
    expect(lines.map(({ right }) => right)).toContain("delete");
  });
});

describe("stores check", () => {
  const check = async (token: string, ...more: string[]): Promise<{ code: number | null; stdout: string }> =>
    world.unsprawl(["stores", "check", "vault", ...more], { env: { VAULT_TOKEN: token } });
  const [place] = PLACES as [Place];

  test("prints the policy where one of its rights is missing, and not where none is", async () => {
    const reader = await tokenWith(place, 'path "secret/data/apps/*" { capabilities = ["read"] }');
    const said = await check(reader);
    expect(said.code).toBe(4);
    const env = { VAULT_TOKEN: vault.bao.token };
    const { stdout: policy } = await world.unsprawl(["stores", "policy", "--to", "vault"], { env });
    expect(said.stdout).toContain(`\n\n${policy.trimEnd()}`);
    expect(JSON.parse((await check(reader, "--json")).stdout)).toMatchObject({ policy });
    const whole = await check(vault.bao.token);
    expect([whole.code, whole.stdout.includes("path ")]).toEqual([0, false]);
    expect(JSON.parse((await check(vault.bao.token, "--json")).stdout)).toMatchObject({
      policy: null,
    });
  });

  test("of a token without any right, names the command that prints both versions' policies", async () => {
    const none = await tokenWith(place, 'path "sys/nothing" { capabilities = ["read"] }');
    const said = await check(none);
    expect(said.code).toBe(4);
    expect(said.stdout).toContain("next: unsprawl stores policy --to vault prints the policy");
    const { code, stdout } = await world.unsprawl(["stores", "policy", "--to", "vault"], {
      env: { VAULT_TOKEN: none },
    });
    expect(code).toBe(0);
    for (const { version } of PLACES) expect(stdout).toContain(`\n# If secret/ is KV version ${version} `);
    for (const [path, ...capabilities] of place.rights) expect(stdout).toContain(line(path, capabilities));
    expect(stdout).toContain('path "secret/apps/*"');
  });

  test("a store without such a policy says what it has instead", async () => {
    const said = await world.unsprawl(["stores", "policy", "--to", "local"]);
    expect([said.code, said.stderr]).toEqual([2, expect.stringContaining("unsprawl stores policy SUBJECT --to local")]);
  });
});
