import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "ldapts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { startSlapd, type TestSlapd } from "../services/slapd.ts";
import { relay, type Said } from "./vault-forwarder.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";
import { tokenFor, writerPolicy } from "./vault-world.ts";

// OpenBao has no LDAP login of its own any more. A double of that one request (Vault API, auth/ldap) binds at a real OpenLDAP,
// and hands out tokens of the real OpenBao behind it.

/** As a directory has people. */
const PERSON = "Jörg Müller";
const password = `ü ${randomBytes(12).toString("hex")} x`;

let vault: PlainVault;
let slapd: TestSlapd;
let server: { readonly url: string; stop(): void };
let issued: string[] = [];

beforeAll(async () => {
  vault = await plainVault();
  slapd = await startSlapd(randomBytes(12).toString("hex"), ["access to * by * auth"]);
  await slapd.as((client) =>
    client.add(`cn=${PERSON},${slapd.suffix}`, { objectClass: ["person"], sn: "M", userPassword: password }),
  );
  server = await relay(vault.bao.address, async ({ url = "" }, pass, body): Promise<Said> => {
    const [, mount, name] = /^\/v1\/auth\/([^/]+)\/login\/([^/]+)$/.exec(url) ?? [];
    if (name === undefined) return pass();
    if (mount !== "ldap") return { status: 403, text: '{"errors":["permission denied"]}' };
    const client = new Client({ url: `ldap://127.0.0.1:${slapd.port}` });
    try {
      const { password: given } = JSON.parse(body) as { password: string };
      await client.bind(`cn=${decodeURIComponent(name)},${slapd.suffix}`, given);
    } catch {
      return { status: 400, text: '{"errors":["ldap operation failed: failed to bind as user"]}' };
    } finally {
      await client.unbind();
    }
    const token = await tokenFor(vault.bao, writerPolicy("secret", 2));
    issued.push(token);
    const auth = { client_token: token, lease_duration: 3600, renewable: true, policies: ["writer"], metadata: {} };
    return { status: 200, text: JSON.stringify({ auth }) };
  });
});
afterAll(async () => {
  server?.stop();
  await Promise.all([slapd?.stop(), vault?.stop()]);
});

const open = (auth: { readonly [key: string]: string } = {}): Promise<Provider> => {
  const login = { method: "ldap", username: PERSON, passwordFile: "password", ...auth };
  return vault.open({ token: "", address: server.url, config: { auth: login } });
};
const write = (text: string): void => writeFileSync(join(vault.dir, "password"), text, { mode: 0o600 });

test("a directory's person is let in, again when the token is revoked, and not with another password", async () => {
  write(`${password}\n`);
  const [store, key, value] = [await open(), keyAt(), fresh()];
  await store.put(key, value, null, ORIGIN);
  for (const token of issued.splice(0)) await vault.bao.api("POST", "auth/token/revoke", { token });
  expect((await store.get(key))?.value).toEqual(value);
  expect(issued).toHaveLength(1);
  const line = (await store.check()).find(({ right }) => right === "authenticate");
  expect(line).toMatchObject({ ok: true, text: "ldap; secret/ is KV version 2" });
  expect(JSON.stringify(store.target)).not.toContain(password);

  const wrong = randomBytes(12).toString("hex");
  write(wrong);
  const denied = await vault.failure((await open()).get(key), password, wrong);
  expect(denied).toMatchObject({
    code: "denied",
    message: expect.stringContaining("refuses the LDAP login: the name or the password is wrong") as string,
    hint: expect.stringMatching(/auth\.username/) as string,
  });
  write(password);
  expect((await vault.failure((await open({ username: "nobody" })).get(key), password)).code).toBe("denied");
  expect((await vault.failure((await open({ mount: "elsewhere" })).get(key))).hint).toContain("auth/elsewhere/");
});

test("a name that would leave its place in the login's path is no name", async () => {
  for (const username of ["a/b", "..", " a", "a\nb", ""])
    await expect(open({ username })).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("auth.username") as string,
    });
  await expect(open({ method: "userpass" })).rejects.toMatchObject({
    message: "auth.username is not one that userpass takes",
  });
});
