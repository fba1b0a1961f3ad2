import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findConnection, parseAddress } from "../../src/engine/connection.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-contexts-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** As `docker context create` writes it. */
function context(name: string, host: string, tls: readonly string[] = []): void {
  const id = createHash("sha256").update(name).digest("hex");
  mkdirSync(join(dir, "contexts/meta", id), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  writeFileSync(join(dir, "contexts/meta", id, "meta.json"), JSON.stringify(meta));
  certificates(join(dir, "contexts/tls", id, "docker"), tls);
}

function certificates(folder: string, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), name);
}

const TLS = ["ca.pem", "cert.pem", "key.pem"];
const bytes = (name: string): Buffer => Buffer.from(name);
const LOADED = { ca: bytes("ca.pem"), cert: bytes("cert.pem"), key: bytes("key.pem") };

describe("an address", () => {
  test.each([
    ["unix:///run/x.sock", { via: "unix", socketPath: "/run/x.sock", address: "unix:///run/x.sock" }],
    ["/run/x.sock", { via: "unix", socketPath: "/run/x.sock", address: "unix:///run/x.sock" }],
    ["unix://", { via: "unix", socketPath: "/var/run/docker.sock" }],
    ["npipe:////./pipe/docker_engine", { via: "unix", socketPath: String.raw`\\.\pipe\docker_engine` }],
    ["tcp://h:2375", { via: "tcp", host: "h", port: 2375, tls: null }],
    ["tcp://h", { via: "tcp", host: "h", port: 2375, tls: null }],
    ["tcp://h:2376", { via: "tcp", host: "h", port: 2376, tls: {} }],
    ["h:1234", { via: "tcp", host: "h", port: 1234, tls: null }],
    ["10.0.0.1:1234", { via: "tcp", host: "10.0.0.1", port: 1234 }],
    ["tcp://[::1]:1234", { via: "tcp", host: "::1", port: 1234 }],
    ["http://h", { via: "tcp", host: "h", port: 2375, tls: null }],
    ["https://h", { via: "tcp", host: "h", port: 2376, tls: {} }],
    ["http://h:80", { via: "tcp", host: "h", port: 80, tls: null }],
    ["https://h:443", { via: "tcp", host: "h", port: 443, tls: {} }],
    ["ssh://h", { via: "ssh", host: "h", port: null, user: null }],
    ["ssh://me@h:2222", { via: "ssh", host: "h", port: 2222, user: "me" }],
    ["ssh://a%40b@h", { via: "ssh", host: "h", user: "a@b" }],
  ])("%s", (address, connection) => {
    expect(parseAddress(address, null)).toMatchObject(connection);
  });

  test.each(["fd://", "tcp://", "ftp://h", "tcp://h:99999", "ssh://", "a b"])("%s cannot be read", (address) => {
    expect(() => parseAddress(address, null)).toThrow(expect.objectContaining({ code: "config" }) as Error);
  });

  const password = randomBytes(12).toString("hex");

  test.each([
    `ftp://me:${password}@h`,
    `tcp://me:${password}/x@h`,
    `tcp://a@${password}@h:99999`,
    `ssh://me:${password}@h`,
  ])("with a user's password in it is not repeated whole: %#", (address) => {
    const fault = expect.not.objectContaining({ message: expect.stringContaining(password) as string }) as Error;
    expect(() => parseAddress(address, null)).toThrow(fault);
  });

  test.each([
    [`tcp://me:${password}@h:1`, "tcp://h:1"],
    [`https://${password}@h/x@y`, "https://h/x@y"],
    [`me:${password}@h:1`, "h:1"],
    [`me:${password} @h:1`, "h:1"],
  ])("that is shown has no login in it: %#", (given, address) => {
    expect(parseAddress(given, null)).toMatchObject({ address, host: "h" });
  });
});

describe("the engine is found as docker/cli finds it", () => {
  const find = (env: { [name: string]: string }): ReturnType<typeof findConnection> =>
    findConnection({ DOCKER_CONFIG: dir, ...env });

  test("DOCKER_HOST wins over every context", () => {
    context("here", "tcp://context:1");
    writeFileSync(join(dir, "config.json"), JSON.stringify({ currentContext: "here" }));
    expect(find({ DOCKER_HOST: "tcp://host:2", DOCKER_CONTEXT: "here" })).toMatchObject({ host: "host", port: 2 });
  });

  test("DOCKER_CONTEXT wins over currentContext", () => {
    context("one", "tcp://one:1");
    context("two", "tcp://two:1");
    writeFileSync(join(dir, "config.json"), JSON.stringify({ currentContext: "one" }));
    expect(find({ DOCKER_CONTEXT: "two" })).toMatchObject({ host: "two" });
    expect(find({})).toMatchObject({ host: "one" });
  });

  test("the context named default is the default socket", () => {
    expect(find({ DOCKER_CONTEXT: "default" })).toMatchObject({ via: "unix", socketPath: "/var/run/docker.sock" });
    writeFileSync(join(dir, "config.json"), JSON.stringify({ currentContext: "default" }));
    expect(find({})).toMatchObject({ via: "unix" });
  });

  test("a context brings its own certificates", () => {
    context("secure", "tcp://secure:2376", TLS);
    expect(find({ DOCKER_CONTEXT: "secure" }).tls).toEqual(LOADED);
    context("ca", "tcp://ca:2376", ["ca.pem"]);
    expect(find({ DOCKER_CONTEXT: "ca" }).tls).toEqual({ ca: bytes("ca.pem") });
    context("plain", "tcp://plain:2375");
    expect(find({ DOCKER_CONTEXT: "plain" }).tls).toBeNull();
  });

  test("a context of another name than its folder's is not taken", () => {
    context("one", "tcp://one:1");
    expect(() => find({ DOCKER_CONTEXT: "../one" })).toThrow(/no Docker context named/);
    expect(() => find({ DOCKER_CONTEXT: "ONE" })).toThrow(/no Docker context named/);
  });

  // Source: docker/cli, cli/flags/options.go: certificates are read with DOCKER_TLS_VERIFY (or DOCKER_TLS) only.
  test.each([
    [{ DOCKER_TLS_VERIFY: "1" }, LOADED],
    [{ DOCKER_TLS_VERIFY: "0" }, LOADED],
    [{ DOCKER_TLS_VERIFY: "" }, null],
  ])("DOCKER_CERT_PATH with %j", (env, tls) => {
    certificates(join(dir, "certs"), TLS);
    expect(find({ DOCKER_HOST: "tcp://h:2375", DOCKER_CERT_PATH: join(dir, "certs"), ...env }).tls).toEqual(tls);
  });

  test("DOCKER_TLS_VERIFY without DOCKER_CERT_PATH reads Docker's own folder", () => {
    certificates(dir, TLS);
    // Source: docker/cli, cli/flags/options.go: the folder defaults to the configuration's.
    expect(find({ DOCKER_HOST: "tcp://h:2376", DOCKER_TLS_VERIFY: "1" }).tls).toEqual(LOADED);
  });

  test("a unix socket needs no certificates, whatever the environment says", () => {
    certificates(join(dir, "certs"), TLS);
    expect(
      find({ DOCKER_HOST: "unix:///x", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: join(dir, "certs") }).tls,
    ).toBeNull();
  });

  test.each([
    [
      "an empty certificate folder",
      { DOCKER_HOST: "tcp://h:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/nonexistent" },
      "DOCKER_CERT_PATH",
    ],
    ["a context that is not there", { DOCKER_CONTEXT: "nowhere" }, "docker context ls"],
  ])("%s is an error that says what to type", (_what, env, hint) => {
    expect(() => find(env)).toThrow(
      expect.objectContaining({ code: "config", hint: expect.stringContaining(hint) as string }) as Error,
    );
  });

  test("a configuration that is no JSON is an error that names the file", () => {
    writeFileSync(join(dir, "config.json"), "{ broken");
    expect(() => find({})).toThrow(/config\.json/);
  });
});
