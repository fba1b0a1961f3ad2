import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { provider } from "../../providers/vault/index.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { makeHome, start } from "../session/driver.ts";
import { portOf } from "./secure-vault.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";
import { writerPolicy } from "./vault-world.ts";

// A person logs in with a browser: the real OpenBao, a small OpenID provider, and a browser that follows redirects.

let vault: PlainVault;
let people: OpenIdProvider;
beforeAll(async () => {
  [vault, people] = await Promise.all([plainVault(), openIdProvider()]);
  const { bao } = vault;
  await bao.api("POST", "sys/auth/oidc", { type: "oidc" });
  await bao.api("PUT", "sys/policies/acl/writer", { policy: writerPolicy("secret", 2) });
  await bao.api("POST", "auth/oidc/config", {
    oidc_discovery_url: people.url,
    oidc_client_id: "vault",
    oidc_client_secret: "none-that-counts",
    default_role: "mover",
    jwt_supported_algs: ["ES256"],
  });
  const role = {
    user_claim: "sub",
    allowed_redirect_uris: ["http://localhost:8250/oidc/callback"],
    token_policies: ["writer"],
    bound_claims: { team: "shop" },
  };
  await bao.api("POST", "auth/oidc/role/mover", role);
  await bao.api("POST", "auth/oidc/role/short", { ...role, token_ttl: "20m", token_type: "batch" });
  await bao.api("POST", "auth/oidc/role/elsewhere", { ...role, allowed_redirect_uris: ["http://localhost:1/x"] });
});
beforeEach(() => people.be({ sub: "ana", team: "shop" }));
afterAll(async () => {
  people?.server.close();
  await vault?.stop();
});

type OpenIdProvider = {
  readonly url: string;
  readonly server: Server;
  /** Who logs in from now on; null for somebody whom it refuses. */
  be(claims: { readonly [name: string]: string } | null): void;
};

/** The parts of OpenID Connect that a login needs: discovery, a page that asks nothing, a code for a signed token. */
async function openIdProvider(): Promise<OpenIdProvider> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  let claims: { readonly [name: string]: string } | null = null;
  const nonces = new Map<string, string>();
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString("base64url");
  const idToken = (url: string, nonce: string): string => {
    const now = Math.floor(Date.now() / 1000);
    const body = `${part({ alg: "ES256", kid: "one" })}.${part({ ...claims, iss: url, aud: "vault", nonce, iat: now, exp: now + 60 })}`;
    const signature = sign("sha256", Buffer.from(body), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${body}.${signature.toString("base64url")}`;
  };
  const server = createServer((request, response) => {
    const url = `http://127.0.0.1:${portOf(server)}`;
    const { pathname, searchParams } = new URL(request.url ?? "", url);
    const json = (body: object): void =>
      void response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    if (pathname === "/.well-known/openid-configuration")
      return json({
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
      });
    if (pathname === "/keys")
      return json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig" }] });
    if (pathname === "/authorize") {
      const [back, code] = [new URL(searchParams.get("redirect_uri") ?? ""), randomBytes(8).toString("hex")];
      nonces.set(code, searchParams.get("nonce") ?? "");
      back.searchParams.set("state", searchParams.get("state") ?? "");
      if (claims === null) back.searchParams.set("error", "access_denied");
      else back.searchParams.set("code", code);
      return void response.writeHead(302, { Location: back.href }).end();
    }
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const nonce = nonces.get(new URLSearchParams(body).get("code") ?? "");
      if (nonce === undefined) return void response.writeHead(400).end("{}");
      json({ access_token: "unused", token_type: "Bearer", id_token: idToken(url, nonce) });
    });
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  return { url: `http://127.0.0.1:${portOf(server)}`, server, be: (next) => void (claims = next) };
}

type Browser = (url: string) => void;
/** What the pages said. */
const pages: string[] = [];
const browser: Browser = (url) => {
  const said = fetch(url).then(async (page) => `${page.status} ${await page.text()}`, String);
  void said.then((text) => pages.push(text));
};
const open = (browse: Browser | undefined, auth: { readonly [key: string]: string } = {}): Promise<Provider> =>
  provider.open(
    "prod",
    { address: vault.bao.address, auth: { method: "oidc", ...auth } },
    { env: { HOME: vault.dir }, dir: vault.dir, ...(browse === undefined ? {} : { browse }) },
  );

describe("a login by OIDC", () => {
  test("asks once for all stores of a process, again when the token is revoked, and tells when it ends", async () => {
    let asked = 0;
    const counting: Browser = (url) => {
      asked++;
      browser(url);
    };
    const [store, again, key, value] = [await open(counting), await open(counting), keyAt(), fresh()];
    await store.put(key, value, null, ORIGIN);
    expect((await again.get(key))?.value).toEqual(value);
    expect(asked).toBe(1);
    await vault.bao.api("POST", "sys/leases/revoke-prefix/auth/oidc", {});
    expect((await store.get(key))?.value).toEqual(value);
    expect((await again.get(key))?.value).toEqual(value);
    expect(asked).toBe(2);
    expect(pages).toContain("200 You are logged in; close this page.\n");
    const short = await open(browser, { role: "short" });
    expect(((await short.loginEnds?.()) ?? 0) - Date.now()).toBeGreaterThan(1_000_000);
  });

  test("is refused for a person without the claims, by the provider, and for a role that is not there", async () => {
    people.be({ sub: "eve", team: "other" });
    const denied = async (auth: { readonly [key: string]: string } = {}): Promise<string> =>
      (await vault.failure((await open(browser, { role: "mover", ...auth })).get(keyAt()))).message;
    expect(await denied()).toMatch(/refuses the OIDC login: the role does not accept who logged in$/);
    people.be(null);
    expect(await denied()).toMatch(/the OIDC provider refuses the login \(access_denied\)$/);
    for (const role of ["nobody", "elsewhere"])
      expect(await denied({ role })).toMatch(
        /no such role, or it does not allow http:\/\/localhost:8250\/oidc\/callback$/,
      );
  });

  test("takes nothing from a page that does not know its state", async () => {
    const answers: number[] = [];
    const stranger: Browser = (url) =>
      void (async () => {
        for (const query of ["?code=x", "?code=x&state=other", "?error=y&state=other"])
          answers.push((await fetch(`http://localhost:8250/oidc/callback${query}`)).status);
        answers.push((await fetch("http://localhost:8250/")).status);
        browser(url);
      })();
    const store = await open(stranger, { mount: "oidc", role: "mover" });
    expect(await store.get(keyAt())).toBe(null);
    expect(answers.filter((status) => status !== 404)).toEqual([]);
  });

  test("where nobody is there, names the command that logs in; a port that is taken is named", async () => {
    const alone = await vault.failure((await open(undefined, { role: "some role" })).get(keyAt()));
    expect(alone).toMatchObject({
      code: "denied",
      message: expect.stringContaining("needs a person with a browser") as string,
      hint: expect.stringContaining("vault login -method=oidc -path=oidc role='some role'") as string,
    });
    const other = createServer().listen(8250, "127.0.0.1");
    await new Promise((done) => other.once("listening", done));
    const busy = await vault.failure((await open(browser, { role: "taken" })).get(keyAt()));
    expect(busy).toMatchObject({ code: "failed", message: expect.stringContaining("port 8250 is in use") as string });
    await new Promise((done) => other.close(done));
  });

  test("on a terminal: the page is printed whole, and the command continues once the browser was there", async () => {
    const home = makeHome("unix:///nowhere");
    try {
      const config = join(home.cwd, "stores.yaml");
      const stores = { prod: { provider: "vault", address: vault.bao.address, auth: { method: "oidc" } } };
      writeFileSync(config, JSON.stringify({ stores }));
      const terminal = start(60, 30, home, {}, ["stores", "check", "prod", "--config", config]);
      await terminal.until("open this page");
      await terminal.until(/state=/);
      const [url = ""] = /http:\/\/127[^\s]+/.exec(terminal.raw()) ?? [];
      browser(url);
      expect(await terminal.exit()).toBe(0);
      expect(terminal.raw()).toContain("oidc; secret/ is KV version 2");
      terminal.close();
    } finally {
      home.remove();
    }
  });
});
