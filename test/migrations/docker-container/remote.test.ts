import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { BUSYBOX, makeImages } from "../../services/images.ts";
import { startSshd, type TestSshd } from "../../services/sshd.ts";
import { freePort } from "../../services/tls.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

let engine: TestEngine;
let sshd: TestSshd;
let world: World;
let certs: string;
let tcp: string;
/** What the scan says when it goes through the unix socket. */
let expected: unknown;

beforeAll(async () => {
  certs = mkdtempSync(join(tmpdir(), "unsprawl-certs-"));
  makeCertificates(certs);
  const port = await freePort();
  tcp = `tcp://127.0.0.1:${port}`;
  const file = (name: string): string => join(certs, name);
  // An engine of its own: it listens with TLS, which is an option of its start.
  engine = await startEngine({
    args: [
      "--tlsverify",
      "--tlscacert",
      file("ca.pem"),
      "--tlscert",
      file("server.pem"),
      "--tlskey",
      file("server-key.pem"),
      "--host",
      tcp,
    ],
  });
  await makeImages(engine);
  const secrets = Object.entries(twelveSecrets()).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  for (const name of ["one", "two", "three"])
    engine.docker("create", "--name", name, "--network", "none", ...secrets, BUSYBOX, "true");
  sshd = await startSshd(engine.host);
  world = makeWorld(engine.host);
  const scanned = await world.unsprawl(["scan", "--json"]);
  expect(scanned.code, scanned.stderr).toBe(3);
  expected = comparable(scanned);
});

afterAll(async () => {
  sshd?.stop();
  world?.remove();
  await engine?.stop();
  rmSync(certs, { recursive: true, force: true });
});

/** A report without what depends on when and whence it was made. */
function comparable(ran: Ran): unknown {
  return JSON.parse(ran.stdout, (key, value: unknown) =>
    ["scannedAt", "durationMs", "exposure"].includes(key) ? undefined : value,
  );
}

/** A certificate authority, the engine's certificate for 127.0.0.1, a client's, and a stranger's. */
function makeCertificates(dir: string): void {
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = (name: string): void =>
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}-key.pem`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    );
  const signed = (name: string, by: string, usage: string): void => {
    openssl("req", ...key, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    writeFileSync(join(dir, `${name}.ext`), `extendedKeyUsage=${usage}\nsubjectAltName=IP:127.0.0.1\n`);
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      `${by}.pem`,
      "-CAkey",
      `${by}-key.pem`,
      "-CAcreateserial",
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-extfile",
      `${name}.ext`,
    );
  };
  authority("ca");
  authority("stranger");
  signed("server", "ca", "serverAuth");
  signed("client", "ca", "clientAuth");
  signed("intruder", "stranger", "clientAuth");
  folder(dir, "good", { "ca.pem": "ca.pem", "cert.pem": "client.pem", "key.pem": "client-key.pem" });
  folder(dir, "intruder", { "ca.pem": "ca.pem", "cert.pem": "intruder.pem", "key.pem": "intruder-key.pem" });
  folder(dir, "anonymous", { "ca.pem": "ca.pem" });
  folder(dir, "wrong-ca", { "ca.pem": "stranger.pem", "cert.pem": "client.pem", "key.pem": "client-key.pem" });
}

function folder(dir: string, name: string, files: { readonly [name: string]: string }): void {
  mkdirSync(join(dir, name));
  for (const [to, from] of Object.entries(files)) cpSync(join(dir, from), join(dir, name, to));
}

/** As `docker context create NAME --docker host=…,ca=…` leaves it. */
function context(name: string, host: string, tls: string | null): { [name: string]: string | undefined } {
  const config = join(world.dir, "docker-config");
  const id = createHash("sha256").update(name).digest("hex");
  mkdirSync(join(config, "contexts/meta", id), { recursive: true });
  writeFileSync(
    join(config, "contexts/meta", id, "meta.json"),
    JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }),
  );
  if (tls !== null) cpSync(join(certs, tls), join(config, "contexts/tls", id, "docker"), { recursive: true });
  return { DOCKER_CONFIG: config, DOCKER_HOST: undefined, DOCKER_CONTEXT: name };
}

const tls = (name: string): { [name: string]: string } => ({
  DOCKER_HOST: tcp,
  DOCKER_TLS_VERIFY: "1",
  DOCKER_CERT_PATH: join(certs, name),
});

describe("over TLS", () => {
  it("by DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, a scan says the same", async () => {
    const ran = await world.unsprawl(["scan", "--json"], { env: tls("good") });
    expect(ran.code, ran.stderr).toBe(3);
    expect(comparable(ran)).toEqual(expected);
  });

  it("by DOCKER_CONTEXT, a scan says the same", async () => {
    const ran = await world.unsprawl(["scan", "--json"], { env: context("by-tls", tcp, "good") });
    expect(ran.code, ran.stderr).toBe(3);
    expect(comparable(ran)).toEqual(expected);
  });

  it("by the current context, a scan says the same", async () => {
    const { DOCKER_CONFIG = "" } = context("current", tcp, "good");
    writeFileSync(join(DOCKER_CONFIG, "config.json"), JSON.stringify({ currentContext: "current" }));
    const ran = await world.unsprawl(["scan", "--json"], { env: { DOCKER_CONFIG, DOCKER_HOST: undefined } });
    rmSync(join(DOCKER_CONFIG, "config.json"));
    expect(ran.code, ran.stderr).toBe(3);
    expect(comparable(ran)).toEqual(expected);
  });

  it.each([
    ["a certificate of another authority", "intruder"],
    ["no certificate", "anonymous"],
  ])("%s is denied by the engine, exit 4", async (_what, name) => {
    const ran = await world.unsprawl(["scan", "--json"], { env: tls(name) });
    expect(ran.stdout).toBe("");
    expect(ran.code, ran.stderr).toBe(4);
    expect(ran.stderr).toContain("certificate");
  });

  it("an engine whose certificate is not of the given authority is not talked to", async () => {
    const ran = await world.unsprawl(["scan"], { env: tls("wrong-ca") });
    expect(ran.stdout).toBe("");
    expect([1, 4]).toContain(ran.code);
    expect(ran.stderr).toMatch(/cannot reach the engine.*(certificate|verif)/s);
  });

  it("plain HTTP to it is refused with a clear word", async () => {
    const ran = await world.unsprawl(["scan"], { env: { DOCKER_HOST: tcp } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/HTTPS|TLS/);
  });

  it("nothing can be moved from here: it says why, and changes nothing", async () => {
    const before = engine.docker("ps", "-aq", "--no-trunc");
    const ran = await world.unsprawl(["migrate", "docker:one", "--to", "local", "--yes"], { env: tls("good") });
    expect(ran.stdout).toContain("the engine is not on this host");
    expect(ran.code).toBe(3);
    expect(engine.docker("ps", "-aq", "--no-trunc")).toBe(before);
  });
});

describe("over ssh", () => {
  const overSsh = (host = `ssh://${sshd.host}`): { [name: string]: string } => ({
    DOCKER_HOST: host,
    PATH: `${sshd.bin}:${world.env["PATH"] ?? ""}`,
  });

  it("a scan says the same", async () => {
    const ran = await world.unsprawl(["scan", "--json"], { env: overSsh() });
    expect(ran.code, ran.stderr).toBe(3);
    expect(comparable(ran)).toEqual(expected);
  });

  it("with user and port in the address, a scan says the same", async () => {
    const ran = await world.unsprawl(["scan", "--json"], {
      env: overSsh(`ssh://${process.env["USER"] ?? "root"}@127.0.0.1:${sshd.port}`),
    });
    expect(ran.code, ran.stderr).toBe(3);
    expect(comparable(ran)).toEqual(expected);
  });

  it("by a context, a scan says the same", async () => {
    const ran = await world.unsprawl(["scan", "--json"], {
      env: { ...overSsh(), ...context("by-ssh", `ssh://${sshd.host}`, null) },
    });
    expect(ran.code, ran.stderr).toBe(3);
    expect(comparable(ran)).toEqual(expected);
  });

  it("a host whose key is not known, or another, is refused", async () => {
    const known = readFileSync(sshd.knownHosts, "utf8");
    const another = known.replace(
      /ssh-ed25519 \S+/,
      readFileSync(`${sshd.identity}.pub`, "utf8").split(" ").slice(0, 2).join(" "),
    );
    for (const text of ["", another]) {
      writeFileSync(sshd.knownHosts, text);
      const ran = await world.unsprawl(["scan"], { env: overSsh() });
      expect(ran.stdout).toBe("");
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("Host key verification failed");
      expect(readFileSync(sshd.knownHosts, "utf8")).toBe(text);
    }
    writeFileSync(sshd.knownHosts, known);
  });

  it("a key that the host does not take is denied, exit 4", async () => {
    const key = readFileSync(sshd.identity);
    // Made beside it: the host takes the key whose public half is beside the identity.
    const other = `${sshd.identity}-other`;
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other], { stdio: "pipe" });
    writeFileSync(sshd.identity, readFileSync(other), { mode: 0o600 });
    const ran = await world.unsprawl(["scan"], { env: overSsh() });
    writeFileSync(sshd.identity, key, { mode: 0o600 });
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toContain("Permission denied");
    expect(ran.code, ran.stderr).toBe(4);
  });

  it("a host that is not there is unreachable, with a hint to try ssh itself", async () => {
    const ran = await world.unsprawl(["scan"], { env: overSsh(`ssh://127.0.0.1:${await freePort()}`) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("ssh");
    expect(ran.stderr).toMatch(/next: ssh/);
  });

  it("no ssh client is said so", async () => {
    const ran = await world.unsprawl(["scan"], { env: { ...overSsh(), PATH: world.dir } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("the ssh client could not be started");
  });

  it("an address that would be an option of ssh is none", async () => {
    const ran = await world.unsprawl(["scan"], { env: overSsh("ssh://-oProxyCommand=touch%20pwned") });
    expect(ran.code).toBeGreaterThan(0);
    expect(() => readFileSync(join(world.dir, "pwned"))).toThrow("ENOENT");
  });
});
