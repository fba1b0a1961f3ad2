import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { selfSigned } from "./tls.ts";

/** One request for a token. */
export type Asked = {
  readonly method: string;
  readonly scope: string;
  readonly by: "nobody" | "password" | "identity" | "a wrong login";
};

export type Tokens = {
  /** The `auth.token` section of the registry's configuration. */
  readonly settings: object;
  readonly asked: Asked[];
  /** An identity token that is taken by POST. */
  readonly identity: string;
  /** Every token that was given. */
  readonly given: string[];
  /** Repositories that may be pulled without a login; the registry holds all others back. */
  readonly open: Set<string>;
  /** Seconds for which a token says it lives, and for which the registry takes it. */
  life: { says: number; is: number };
  stop(): Promise<void>;
};

/**
 * Gives the signed tokens that a registry with `auth: token` takes. Source: distribution
 * `docs/content/spec/auth/jwt.md`, `token.md`, `oauth.md`.
 */
export async function startTokens(dir: string, username: string, password: string): Promise<Tokens> {
  const own = join(dir, "tokens");
  mkdirSync(own);
  await selfSigned(own);
  const key = createPrivateKey(readFileSync(join(own, "server.key")));
  const certificate = new X509Certificate(readFileSync(join(own, "server.crt"))).raw.toString("base64");
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const tokens = {
    asked: [] as Asked[],
    given: [] as string[],
    open: new Set<string>(),
    life: { says: 300, is: 300 },
    identity: randomUUID(),
  };

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://tokens");
      const form = request.method === "POST" ? new URLSearchParams(await bodyOf(request)) : url.searchParams;
      const scopes = form.getAll("scope").flatMap((one) => one.split(" "));
      const scope = scopes.join(" ");
      const by = whoAsks(request, form, `${username}:${password}`, tokens.identity);
      tokens.asked.push({ method: request.method ?? "", scope, by });
      if (by === "a wrong login") {
        response.writeHead(401).end("{}");
        return;
      }
      const access = scopes.map((one) => {
        const [type = "", name = "", actions = ""] = one.split(":");
        const allowed = by !== "nobody" ? actions.split(",") : tokens.open.has(name) ? ["pull"] : [];
        return { type, name, actions: allowed };
      });
      const now = Math.floor(Date.now() / 1000);
      const signed = `${part({ typ: "JWT", alg: "ES256", x5c: [certificate] })}.${part({
        iss: "unsprawl tests",
        sub: by,
        aud: form.get("service"),
        iat: now - 5,
        nbf: now - 60,
        exp: now + tokens.life.is,
        jti: randomUUID(),
        access,
      })}`;
      const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
      const token = `${signed}.${signature}`;
      tokens.given.push(token);
      const field = request.method === "POST" ? "access_token" : "token";
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ [field]: token, expires_in: tokens.life.says, issued_at: new Date().toISOString() }));
    })();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return Object.assign(tokens, {
    settings: {
      realm: `http://127.0.0.1:${port}/token`,
      service: "registry.test",
      issuer: "unsprawl tests",
      rootcertbundle: join(own, "ca.crt"),
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

function whoAsks(request: IncomingMessage, form: URLSearchParams, login: string, identity: string): Asked["by"] {
  if (form.get("grant_type") === "refresh_token")
    return form.get("refresh_token") === identity ? "identity" : "a wrong login";
  const given = request.headers.authorization;
  if (given === undefined) return "nobody";
  return given === `Basic ${Buffer.from(login).toString("base64")}` ? "password" : "a wrong login";
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
