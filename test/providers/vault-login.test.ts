import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { KEY, ORIGIN, secureVault, type SecureVault } from "./secure-vault.ts";
import { clientCertificate, jwtIssuer, tokenReviews, type Issuer } from "./vault-identities.ts";
import { writerPolicy } from "./vault-world.ts";

let vault: SecureVault;
let bao: SecureVault["bao"];
let failure: SecureVault["failure"];
let issuer: Issuer;
let cluster: { readonly url: string; stop(): void };
const known = new Set<string>();
const password = `ü ${randomBytes(12).toString("hex")} x`;

beforeAll(async () => {
  vault = await secureVault();
  ({ bao, failure } = vault);
  issuer = jwtIssuer();
  cluster = await tokenReviews((token) => known.has(token));
  await bao.api("PUT", "sys/policies/acl/writer", { policy: writerPolicy("secret", 2) });
  for (const type of ["jwt", "kubernetes", "userpass", "cert"]) await bao.api("POST", `sys/auth/${type}`, { type });
  const token_policies = ["writer"];
  await bao.api("POST", "auth/jwt/config", { jwt_validation_pubkeys: [issuer.publicKey] });
  await bao.api("POST", "auth/jwt/role/app", {
    role_type: "jwt",
    bound_audiences: ["unsprawl"],
    bound_subject: "api",
    user_claim: "sub",
    token_policies,
  });
  await bao.api("POST", "auth/kubernetes/config", {
    kubernetes_host: cluster.url,
    kubernetes_ca_cert: readFileSync(bao.caFile ?? "", "utf8"),
    disable_local_ca_jwt: true,
    token_reviewer_jwt: issuer.issue("reviewer"),
  });
  await bao.api("POST", "auth/kubernetes/role/app", {
    bound_service_account_names: ["api"],
    bound_service_account_namespaces: ["shop"],
    token_policies,
  });
  await bao.api("POST", "auth/userpass/users/mover.shop", { password, token_policies });
  await bao.api("POST", "auth/cert/certs/app", {
    certificate: readFileSync(bao.caFile ?? "", "utf8"),
    allowed_common_names: ["api"],
    token_policies,
  });
});
afterAll(async () => {
  cluster?.stop();
  await vault?.stop();
});

const file = (name: string, text: string): string => {
  const path = join(vault.dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const openBy = (auth: { readonly [key: string]: Json }): Promise<Provider> =>
  vault.open({ config: { auth }, env: { VAULT_TOKEN: "" } });
const podToken = (): string => {
  const token = issuer.issue("system:serviceaccount:shop:api", {
    "kubernetes.io": { namespace: "shop", serviceaccount: { name: "api", uid: "7f6b" } },
  });
  known.add(token);
  return token;
};

/** Each way in: how it is configured with a good credential, and how the same file is then spoilt. */
const WAYS: {
  readonly [method: string]: () => Promise<{
    readonly auth: { readonly [key: string]: Json };
    readonly secret: string;
    readonly spoil: () => string;
    readonly mend: () => void;
  }>;
} = {
  jwt: async () => {
    const secret = issuer.issue("api");
    const jwtFile = file("jwt", `${secret}\n`);
    const spoil = (): string => {
      const old = issuer.issue("api", { exp: 1_000_000_000 });
      file("jwt", old);
      return old;
    };
    const mend = (): void => void file("jwt", issuer.issue("api"));
    return { auth: { method: "jwt", role: "app", jwtFile }, secret, spoil, mend };
  },
  kubernetes: async () => {
    const secret = podToken();
    const jwtFile = file("pod-token", secret);
    const spoil = (): string => {
      known.clear();
      return secret;
    };
    const mend = (): void => void file("pod-token", podToken());
    return { auth: { method: "kubernetes", role: "app", jwtFile }, secret, spoil, mend };
  },
  userpass: async () => {
    const passwordFile = file("password", `${password}\n`);
    const wrong = randomBytes(12).toString("hex");
    const spoil = (): string => {
      file("password", wrong);
      return wrong;
    };
    const mend = (): void => void file("password", password);
    return { auth: { method: "userpass", username: "mover.shop", passwordFile }, secret: password, spoil, mend };
  },
};

async function revokeLogins(): Promise<void> {
  const { data } = (await bao.api("LIST", "auth/token/accessors")) as { data: { keys: string[] } };
  for (const accessor of data.keys) {
    const found = (await bao.api("POST", "auth/token/lookup-accessor", { accessor })) as { data: { path: string } };
    if (found.data.path.includes("login")) await bao.api("POST", "auth/token/revoke-accessor", { accessor });
  }
}

describe("ways in", () => {
  test.for(Object.keys(WAYS))(
    "%s: writes; is let in again when its token is revoked; is denied with a bad credential; reads files afresh",
    async (method) => {
      const { auth, secret, spoil, mend } = await (WAYS[method] as NonNullable<(typeof WAYS)[string]>)();
      const store = await openBy(auth);
      const value = Secret.of(randomBytes(12).toString("hex"));
      const key = { path: `apps/by-${method}`, field: "A" };
      await store.put(key, value, null, ORIGIN);
      await revokeLogins();
      expect((await store.get(key))?.value).toEqual(value);
      expect(JSON.stringify(store.target)).not.toContain(secret);
      const again = await vault.open({ config: store.target.settings, env: { VAULT_TOKEN: "" } });
      expect(again.target).toEqual(store.target);
      const line = (await store.check()).find((one) => one.right === "authenticate");
      expect(line).toMatchObject({ ok: true, text: `${method}; secret/ is KV version 2` });

      const spoilt = spoil();
      await revokeLogins();
      expect(await failure(store.get(key), secret, spoilt)).toMatchObject({
        code: "denied",
        message: expect.stringContaining("login") as string,
        hint: expect.stringMatching(/auth\./) as string,
      });
      mend();
      expect((await store.get(key))?.value).toEqual(value);
      const elsewhere = await openBy({ ...auth, mount: "elsewhere" });
      expect((await failure(elsewhere.get(key), secret)).hint).toContain("auth/elsewhere/");
    },
  );

  test("a role that is not there", async () => {
    for (const method of ["jwt", "kubernetes"]) {
      const { auth, secret } = await (WAYS[method] as NonNullable<(typeof WAYS)[string]>)();
      const store = await openBy({ ...auth, role: "nobody" });
      expect((await failure(store.get(KEY), secret)).message).toContain("the role nobody does not exist");
    }
  });

  test("a client's certificate: its own, another's, none that the server takes, and no certificate at all", async () => {
    const [mine, other] = [await clientCertificate(bao.dir, "api"), await clientCertificate(bao.dir, "other")];
    const store = await openBy({ method: "cert", ...mine });
    expect(await store.get(KEY)).toBe(null);
    expect(await (await openBy({ method: "cert", ...mine, name: "app" })).get(KEY)).toBe(null);
    await revokeLogins();
    expect(await store.get(KEY)).toBe(null);
    for (const auth of [other, { ...mine, name: "nobody" }])
      expect(await failure((await openBy({ method: "cert", ...auth })).get(KEY))).toMatchObject({
        code: "denied",
        message: expect.stringContaining("certificate login") as string,
      });
    for (const auth of [
      { certFile: mine.certFile, keyFile: other.keyFile },
      { certFile: mine.keyFile, keyFile: mine.keyFile },
    ])
      expect(await failure((await openBy({ method: "cert", ...auth })).get(KEY))).toMatchObject({
        code: "config",
        message: expect.stringContaining("not a certificate and its key") as string,
      });
    await expect(
      vault.open({ config: { address: "http://127.0.0.1:1", auth: { method: "cert", ...mine } } }),
    ).rejects.toMatchObject({ code: "config" });
  });
});
