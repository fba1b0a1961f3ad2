import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { HttpClient } from "../../src/kit/net/client.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { strangeAnswer } from "./errors.ts";
import type { Identity, KeywhizSettings } from "./settings.ts";

/** One request as it goes over the wire. */
export type Raw = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body: string | null;
};

export type KeywhizSend = (
  raw: Raw,
) => Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }>;

/** A connection, a response and its body: all within this time. */
const TIMEOUT_MS = 10_000;
/** Bytes of a response: a list of all secrets has no pages. */
const LIMIT = 64 * 1024 * 1024;

/**
 * Reads the certificates and returns the function that sends requests with them: mutual TLS, 1.2 or newer, over kept
 * connections. Rejects as Node does, and with `config` for files without a certificate or key.
 */
export async function connect(
  { url, caFile, identity }: KeywhizSettings,
  env: NodeJS.ProcessEnv,
): Promise<KeywhizSend> {
  const secureContext = await contextOf(identity, caFile);
  // A proxy of HTTPS_PROXY sees a tunnel and nothing in it.
  const route = () => ({ reach: NAMED, proxy: env, tls: { secureContext } });
  const client = new HttpClient({ route, sockets: 16, wholeMs: TIMEOUT_MS });
  return async ({ method, path, body }) => {
    const type = body === null ? {} : { "content-type": "application/json" };
    const request = { method, url: new URL(`${url}${path}`), headers: { accept: "application/json", ...type } };
    const answer = await client.read(body === null ? request : { ...request, body }, LIMIT);
    const { status, headers, bytes, whole } = answer;
    if (!whole && status < 300) throw strangeAnswer(url, "its size");
    return { status, retryAfter: headers["retry-after"] ?? null, text: bytes.toString("utf8") };
  };
}

async function contextOf(identity: Identity, caFile: string | null): Promise<SecureContext> {
  const common: SecureContextOptions = {
    minVersion: "TLSv1.2",
    ...(caFile === null ? {} : { ca: await authority(caFile) }),
  };
  if (identity.kind === "pem") {
    const { certFile, keyFile } = identity;
    const [cert, key] = [await bytes(certFile, "certFile"), await bytes(keyFile, "keyFile")];
    return made(
      { ...common, cert, key },
      `${certFile} and ${keyFile} are not a certificate and its private key`,
      "PEM, the key without a passphrase; a key with one goes into p12File",
    );
  }
  const { p12File, p12PasswordFile } = identity;
  const pfx = await bytes(p12File, "p12File");
  const passphrase = p12PasswordFile === null ? "" : (await bytes(p12PasswordFile, "p12PasswordFile")).toString("utf8");
  return made(
    { ...common, pfx, passphrase: passphrase.replace(/\r?\n$/, "") },
    `${p12File} cannot be opened`,
    "is the password in p12PasswordFile right? a file of old ciphers: openssl pkcs12 -legacy, then -export again",
  );
}

/** OpenSSL ignores a file without a certificate, and would then trust nobody. */
async function authority(caFile: string): Promise<Buffer> {
  const ca = await bytes(caFile, "caFile");
  try {
    // Throws if there is none.
    void new X509Certificate(ca).subject;
    return ca;
  } catch {
    throw new UnsprawlError("config", `${caFile} holds no certificate`, "name the CA's certificate (PEM) by caFile");
  }
}

/** OpenSSL's text is dropped: it is about the bytes of a key. */
function made(options: SecureContextOptions, message: string, hint: string): SecureContext {
  try {
    return createSecureContext(options);
  } catch {
    throw new UnsprawlError("config", message, hint);
  }
}

async function bytes(file: string, key: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ENOENT") throw fileError(error, file);
    throw new UnsprawlError("config", `${key}: there is no file ${file}`, "write it there (0600), or name another");
  });
}
