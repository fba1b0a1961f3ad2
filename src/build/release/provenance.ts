import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";

/**
 * Signs the list of checksums with the Ed25519 key that `keyFile` holds (PEM, PKCS #8), as `SHA256SUMS.sig`, and puts the
 * public key beside it; `openssl pkeyutl -verify -rawin` reads both. Throws for another kind of key.
 */
export function signChecksums(sums: string, keyFile: string): void {
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyType !== "ed25519")
    throw new Error(`${keyFile} is no Ed25519 key: openssl genpkey -algorithm ed25519 -out ${keyFile}`);
  writeFileSync(`${sums}.sig`, sign(null, readFileSync(sums), key));
  writeFileSync(`${sums}.pub`, createPublicKey(key).export({ type: "spki", format: "pem" }));
}

/** A registry that does not answer holds up no release. */
const LONGEST_MS = 120_000;

/**
 * The bundled packages that npm's registry has an advisory for; null if it does not answer, so that nothing is known.
 * Source: npm-audit(1), `--json`.
 */
export function advisoriesFor(
  root: string,
  bundled: readonly string[],
  more: NodeJS.ProcessEnv = {},
): readonly string[] | null {
  const env = { ...process.env, ...more };
  const { stdout } = spawnSync("npm", ["audit", "--json"], {
    ...{ cwd: root, env, encoding: "utf8", maxBuffer: 1 << 28 },
    timeout: LONGEST_MS,
  });
  let answer: { readonly vulnerabilities?: object };
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    return null;
  }
  if (answer.vulnerabilities === undefined) return null;
  const named = new Set(Object.keys(answer.vulnerabilities));
  return bundled.filter((name) => named.has(name));
}
