import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/model/json.ts";
import { pythonProgram } from "../services/python.ts";
import { fresh, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";
import { tokenFor } from "./vault-world.ts";

let vault: PlainVault;
let program: string;
beforeAll(async () => {
  vault = await plainVault();
  program = await pythonProgram("bao");
  await vault.bao.api("POST", "sys/auth/approle", { type: "approle" });
  await vault.bao.api("POST", "sys/namespaces/team-a", {});
  await vault.bao.api("POST", "team-a/sys/mounts/secret", { type: "kv", options: { version: "2" } });
  await vault.bao.api("POST", "team-a/sys/auth/approle", { type: "approle" });
});
afterAll(() => vault?.stop());

/** Runs a policy's own commands as they stand, in a shell, with the real `bao`. */
async function run(policy: string): Promise<string[]> {
  const file = join(vault.dir, `${randomBytes(6).toString("hex")}.hcl`);
  writeFileSync(file, policy);
  const env = {
    PATH: `${dirname(program)}:${process.env["PATH"] ?? ""}`,
    HOME: vault.dir,
    BAO_ADDR: vault.bao.address,
    BAO_TOKEN: vault.bao.token,
  };
  const said: string[] = [];
  for (const line of policy.split("\n").filter((one) => one.startsWith("# bao "))) {
    const { stdout } = await promisify(execFile)("sh", ["-c", line.slice(2).replace(/FILE$/, file)], { env });
    said.push(stdout.trim());
  }
  return said;
}

const CASES: readonly (readonly [string, { readonly [key: string]: Json }, string])[] = [
  ["KV v2", {}, 'path "secret/data/apps/shop/api" { capabilities = ["read"] }'],
  ["KV v1", { mount: "kv1" }, 'path "kv1/apps/shop/api" { capabilities = ["read"] }'],
  ["a path without the project", { path: "apps/{subject}" }, 'path "secret/data/apps/api" { capabilities = ["read"] }'],
  ["a field a folder", { path: "{project}/{subject}/{name}" }, 'path "secret/data/shop/api/+" {'],
  ["the name first", { path: "{name}/{subject}" }, 'path "secret/data/+/api" {'],
  ["the name at the end", { path: "apps/{subject}/env-{name}" }, 'path "secret/data/apps/api/env-*" {'],
  ["the name within", { path: "apps/{subject}/{name}-env" }, 'path "secret/data/apps/api/+" {'],
  ["a namespace", { namespace: "team-a" }, 'path "secret/data/apps/shop/api" {'],
];

describe("the policy of one application", () => {
  test.concurrent.for(CASES)("%s: lets it read its own values, and nothing else", async ([, config, line]) => {
    const store = await vault.open({ config });
    const names = { subject: "api", project: "shop" };
    const policy = await store.policy(names);
    expect(policy.split("\n").filter((one) => one.startsWith("path "))).toHaveLength(1);
    expect(policy).toContain(line);
    const [value, others] = [fresh(), fresh()];
    const [mine, theirs] = [
      store.key({ ...names, name: "POLICY" }),
      store.key({ ...names, subject: "api-2", name: "POLICY" }),
    ];
    await store.put(mine, value, null, ORIGIN);
    await store.put(theirs, others, null, ORIGIN);

    const [, , roleId = "", wrapping = ""] = await run(policy);
    const id = randomBytes(6).toString("hex");
    const [roleIdFile, wrappedSecretIdFile] = [`role-${id}`, `wrapped-${id}`];
    writeFileSync(join(vault.dir, roleIdFile), roleId);
    writeFileSync(join(vault.dir, wrappedSecretIdFile), wrapping);
    const reader = await vault.open({
      token: "",
      config: { ...config, auth: { method: "approle", roleIdFile, wrappedSecretIdFile } },
    });
    expect((await reader.get(mine))?.value).toEqual(value);
    const { version } = (await reader.get(mine)) ?? { version: "" };
    const acts = [
      () => reader.get(theirs),
      () => reader.put(mine, others, version, ORIGIN),
      () => reader.remove(mine, () => true),
      () => reader.list(""),
    ];
    for (const act of acts) expect((await vault.failure(act(), value, others)).code).toBe("denied");
    expect((await store.get(mine))?.value).toEqual(value);
    await store.remove(mine, () => true);
    await store.remove(theirs, () => true);
  });

  test("two places, and two names that look alike, get policies of their own", async () => {
    const name = async (config: { readonly [key: string]: Json }, subject: string): Promise<string> =>
      /policy write (?:-\S+ )?(\S+)/.exec(await (await vault.open({ config })).policy({ subject, project: "" }))?.[1] ??
      "";
    const found = await Promise.all([
      name({}, "api"),
      name({}, "API"),
      name({}, "a/b"),
      name({}, "a-b"),
      name({ mount: "kv1" }, "api"),
      name({ path: "other/{subject}" }, "api"),
    ]);
    expect(new Set(found.map((one) => one.toLowerCase())).size).toBe(found.length);
    for (const one of found) expect(one).toMatch(/^unsprawl-[\w.-]+-[0-9a-f]{8}$/);
  });

  test("a path that all applications share says so", async () => {
    const shared = await vault.open({ config: { path: "all" } });
    expect(await shared.policy({ subject: "x\ny", project: "" })).toMatch(/^# .*all applications.*no \{subject\}/);
  });

  test("names that would reach further are refused, or stay one word", async () => {
    const store = await vault.open();
    for (const subject of ["{{identity.entity.id}}", '${"', "..", "a\nb", ""])
      expect((await vault.failure(store.policy({ subject, project: "" }))).code).toBe("refused");
    const joined = await vault.open({ config: { path: "apps/{subject}-{name}" } });
    expect(await vault.failure(joined.policy({ subject: "api", project: "" }))).toMatchObject({
      code: "refused",
      hint: expect.stringContaining("put a / between") as string,
    });
    const policy = await store.policy({ subject: 'a" b*+\\$(id)', project: "" });
    expect(policy).toContain(String.raw`path "secret/data/apps/a\" b%2A%2B\\$(id)" {`);
    await vault.bao.api("PUT", "sys/policies/acl/odd", { policy });
    await run(policy);
    await expect(vault.open({ config: { namespace: "a\n}" } })).rejects.toMatchObject({ code: "config" });
  });

  test("a token that may not see the mount needs kvVersion", async () => {
    const token = await tokenFor(vault.bao, 'path "sys/nothing" { capabilities = ["read"] }');
    const names = { subject: "api", project: "" };
    expect((await vault.failure((await vault.open({ token })).policy(names), token)).code).toBe("denied");
    const told = await vault.open({ token, config: { kvVersion: 2 } });
    expect(await told.policy(names)).toContain('"secret/data/apps/api"');
  });
});
