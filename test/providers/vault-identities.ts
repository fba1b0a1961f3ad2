import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { need } from "../services/apt.ts";
import { portOf } from "./secure-vault.ts";

export type Issuer = {
  /** In PEM, as a server is told it. */
  readonly publicKey: string;
  /** A token of this subject and these claims. */
  readonly issue: (subject: string, claims?: { readonly [name: string]: unknown }) => string;
};

/** Who signs JSON Web Tokens: good for the audience `unsprawl`, for a minute. */
export function jwtIssuer(): Issuer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString("base64url");
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    issue(sub, claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const body = `${part({ alg: "ES256", typ: "JWT" })}.${part({ sub, aud: ["unsprawl"], jti: randomUUID(), iat: now, exp: now + 60, ...claims })}`;
      const signature = sign("sha256", Buffer.from(body), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${body}.${signature.toString("base64url")}`;
    },
  };
}

/** The part of a Kubernetes API that OpenBao asks whose token it was given: these tokens are of `shop/api`. */
export async function tokenReviews(
  isKnown: (token: string) => boolean,
): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((request, answer) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const { spec } = JSON.parse(body) as { spec: { token: string; audiences?: string[] } };
      const status = isKnown(spec.token)
        ? {
            authenticated: true,
            audiences: spec.audiences,
            user: { username: "system:serviceaccount:shop:api", uid: "7f6b" },
          }
        : { authenticated: false, error: "not a token of this cluster" };
      const review = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec, status };
      answer.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify(review));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A client's certificate of the CA in `dir`, and its key: the names of two files there. */
export async function clientCertificate(dir: string, name: string): Promise<{ certFile: string; keyFile: string }> {
  const openssl = await need("openssl", ["openssl"]);
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: dir, stdio: "pipe" });
  const [cert, key, csr] = [`${name}.crt`, `${name}.key`, `${name}.csr`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", ...curve, "-keyout", key, "-out", csr, "-subj", `/CN=${name}`);
  run("x509", "-req", "-in", csr, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", cert, "-days", "2");
  return { certFile: join(dir, cert), keyFile: join(dir, key) };
}
