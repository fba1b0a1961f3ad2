import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pythonProgram } from "../services/python.ts";
import { keyAt, plainVault, type PlainVault } from "./vault-plain.ts";
import { roleFor, tokenFor, writerPolicy } from "./vault-world.ts";

// Whose token is taken, in the order of the real `bao`: the environment, the token helper of its configuration, its file.

let vault: PlainVault;
let home: string;
let bao: string;
let token: string;
const key = keyAt();
beforeAll(async () => {
  vault = await plainVault();
  bao = await pythonProgram("bao");
  token = await tokenFor(vault.bao, writerPolicy("secret", 2));
});
beforeEach(() => {
  home = mkdtempSync(join(vault.dir, "home-"));
});
afterAll(() => vault?.stop());

const write = (name: string, text: string, mode = 0o600): string => {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
};
const read = (env: { readonly [name: string]: string } = {}): Promise<unknown> =>
  vault.open({ token: "", env: { HOME: home, ...env } }).then((store) => store.get(key));
/** What the real one takes. */
const real = (env: { readonly [name: string]: string } = {}): string =>
  execFileSync(bao, ["print", "token"], {
    env: { PATH: process.env["PATH"], HOME: home, BAO_ADDR: vault.bao.address, ...env },
    encoding: "utf8",
  }).trim();
/** A helper that keeps its token in a file beside it. */
const helper = (name: string, kept: string): string =>
  write(name, `#!/bin/sh\ntest "$1" = get && printf '%s\\n' '${kept}'\n`, 0o700);

describe("the token of a person", () => {
  test("that `bao login` leaves in its file is taken, and not by another way", async () => {
    execFileSync(bao, ["login", "-no-print", "-"], {
      env: { PATH: process.env["PATH"], HOME: home, BAO_ADDR: vault.bao.address },
      input: token,
    });
    expect([real(), await read()]).toEqual([token, null]);
    rmSync(join(home, ".vault-token"));
    await expect(read()).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("no Vault token") as string,
    });
  });

  test("comes from the token helper of ~/.bao or ~/.vault before the file, and after the environment", async () => {
    for (const config of [".bao", ".vault"]) {
      write(".vault-token", "another");
      write(config, `# mine\ntoken_helper = ${JSON.stringify(helper("bin/helper", token))}\n`);
      // `bao` reads its own file alone.
      if (config === ".bao") expect(real()).toBe(token);
      expect(await read()).toBe(null);
      expect((await vault.failure(read({ VAULT_TOKEN: "wrong" }))).message).toMatch(/does not know this token/);
      rmSync(join(home, config));
    }
    expect((await vault.failure(read())).message).toMatch(/does not know this token/);
  });

  test("comes from the configuration that BAO_CONFIG_PATH names, or the file of BAO_TOKEN_PATH", async () => {
    const config = write("elsewhere/config", `token_helper = ${JSON.stringify(helper("bin/helper", token))}\n`);
    expect([real({ BAO_CONFIG_PATH: config }), await read({ BAO_CONFIG_PATH: config })]).toEqual([token, null]);
    const file = write("elsewhere/token", token);
    expect([real({ BAO_TOKEN_PATH: file }), await read({ BAO_TOKEN_PATH: file })]).toEqual([token, null]);
  });

  test("a helper that has none, fails, prints no token, is not there, or that root must not run", async () => {
    const use = (path: string): string => write(".vault", `token_helper = "${path}"\n`);
    use(helper("empty", ""));
    expect(await vault.failure(read())).toMatchObject({
      code: "denied",
      hint: expect.stringContaining("vault login") as string,
    });
    use(write("fails", `#!/bin/sh\necho '${token}' >&2\nexit 3\n`, 0o700));
    expect(await vault.failure(read(), token)).toMatchObject({
      code: "failed",
      message: expect.stringContaining("failed (3)") as string,
    });
    use(helper("odd", "two words"));
    expect(await vault.failure(read(), "two words")).toMatchObject({ code: "config" });
    for (const path of [join(home, "none"), "helper", "./fails"]) {
      use(path);
      await expect(read()).rejects.toMatchObject({
        code: "config",
        message: expect.stringContaining("full path") as string,
      });
    }
    use(helper("open", token));
    expect(await read()).toBe(null);
    chmodSync(join(home, "open"), 0o722);
    await expect(read()).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("root would run") as string,
    });
  });
});

describe("when a login ends for good", () => {
  const ends = async (more: { readonly [key: string]: unknown }): Promise<number | null> => {
    const own = await tokenFor(vault.bao, writerPolicy("secret", 2), more);
    const at = await (await vault.open({ token: own })).loginEnds?.();
    return at == null ? null : Math.round((at - Date.now()) / 600_000) * 10;
  };

  test.each([
    ["a token that cannot be renewed", { ttl: "30m", renewable: false }, 30],
    ["a batch token", { ttl: "20m", type: "batch" }, 20],
    ["one that can be renewed up to a limit", { ttl: "10m", explicit_max_ttl: "40m" }, 40],
    ["one that can be renewed", { ttl: "10m" }, null],
    ["one that is renewed for ever", { period: "10m" }, null],
  ])("%s", async (_, more, minutes) => {
    expect(await ends(more)).toBe(minutes);
  });

  test("the root's token, and a login that can be repeated, do not end", async () => {
    expect(await (await vault.open()).loginEnds?.()).toBe(null);
    const { roleIdFile, secretIdFile } = await roleFor(vault.bao, vault.dir, writerPolicy("secret", 2), {
      token_ttl: "1m",
      token_max_ttl: "1m",
    });
    const role = await vault.open({ token: "", config: { auth: { method: "approle", roleIdFile, secretIdFile } } });
    expect(await role.loginEnds?.()).toBe(null);
  });
});
