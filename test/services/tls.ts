import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { need } from "./apt.ts";

/** Writes `ca.crt`, and `server.crt` with `server.key` of it for localhost and 127.0.0.1. */
export async function selfSigned(dir: string): Promise<void> {
  const openssl = await need("openssl", ["openssl"]);
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: dir, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=unsprawl test CA");
  run("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  writeFileSync(join(dir, "san"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san"];
  run("x509", "-req", "-in", "server.csr", "-out", "server.crt", ...by);
}

/**
 * A loopback port that nobody has. It is below those that the system gives out by itself, to clients, to containers and to
 * whoever asks for any: one of these could be somebody's before it is used.
 */
export function freePort(): Promise<number> {
  const port = anyPort();
  return new Promise((done) => {
    const server = createServer().once("error", () => done(freePort()));
    server.listen(port, "127.0.0.1", () => server.close(() => done(port)));
  });
}

/** A port at random, and not as tests draw: a run beside this one would ask for the same. */
export function anyPort(): number {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return 10_000 + (number % 20_000);
}
