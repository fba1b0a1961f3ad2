import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { forget, remember } from "./running.ts";
import { freePort, selfSigned } from "./tls.ts";
import { startTokens, type Tokens } from "./token-server.ts";

export type TestRegistry = {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly dir: string;
  /** Of a registry with TLS: the CA that its certificate is from. */
  readonly caFile: string | null;
  /** Of a registry that wants a login. */
  readonly username: string;
  readonly password: string;
  /** Of a registry that wants tokens: who gives them. */
  readonly tokens: Tokens | null;
  stop(): Promise<void>;
};

export type RegistryOptions = {
  readonly auth?: "htpasswd" | "token";
  readonly tls?: boolean;
  /** False: manifests cannot be deleted. */
  readonly deletes?: boolean;
};

/** A real registry (Debian's `docker-registry`, CNCF Distribution) on a free loopback port, with files of its own. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const program = await need("docker-registry", ["docker-registry"]);
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(program, options);
    } catch (error) {
      // Another process may have taken the free port in between.
      if (attempt === 3) throw error;
    }
  }
}

async function start(program: string, options: RegistryOptions): Promise<TestRegistry> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-registry-"));
  mkdirSync(join(dir, "data"));
  const [port, username, password] = [await freePort(), "reader", `pw-${randomBytes(12).toString("hex")}`];
  const host = `127.0.0.1:${port}`;
  if (options.auth === "htpasswd") writeFileSync(join(dir, "htpasswd"), `${username}:${bcrypt(password)}\n`);
  const tokens = options.auth === "token" ? await startTokens(dir, username, password) : null;
  if (options.tls) await selfSigned(dir);
  writeFileSync(join(dir, "config.json"), JSON.stringify(configuration(dir, host, options, tokens)));
  const log = openSync(join(dir, "log"), "a");
  const child = spawn(program, ["serve", join(dir, "config.json")], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: process.env["PATH"], HOME: dir, OTEL_TRACES_EXPORTER: "none" },
  });
  child.on("error", () => {});
  remember(child.pid ?? 0, dir);
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  };
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    end();
    process.off("exit", end);
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once("exit", done));
    await tokens?.stop();
    forget(child.pid ?? 0);
    rmSync(dir, { recursive: true, force: true });
  };
  const caFile = options.tls ? join(dir, "ca.crt") : null;
  for (let tries = 0; tries < 4800 && child.exitCode === null; tries++) {
    if ((await statusOf(host, caFile)) > 0) return { host, dir, caFile, username, password, tokens, stop };
    await sleep(25);
  }
  const said = readFileSync(join(dir, "log"), "utf8").slice(-2000);
  await stop();
  throw new Error(`docker-registry did not start:\n${said}`);
}

/** YAML takes JSON too. Source: distribution `docs/configuration.md`. */
function configuration(dir: string, host: string, options: RegistryOptions, tokens: Tokens | null): object {
  const { auth, tls, deletes = true } = options;
  return {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(dir, "data") },
      delete: { enabled: deletes },
      cache: { blobdescriptor: "inmemory" },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: host,
      secret: "for tests",
      ...(tls ? { tls: { certificate: join(dir, "server.crt"), key: join(dir, "server.key") } } : {}),
    },
    ...(auth === "htpasswd" ? { auth: { htpasswd: { realm: "tests", path: join(dir, "htpasswd") } } } : {}),
    ...(tokens ? { auth: { token: tokens.settings } } : {}),
  };
}

/** As the registry wants it. Perl is in every Debian, and takes the password from stdin. */
function bcrypt(password: string): string {
  const script = "my $p = <STDIN>; print crypt($p, q{$2y$05$abcdefghijklmnopqrstuu});";
  return execFileSync("perl", ["-e", script], { input: password, encoding: "utf8" });
}

async function statusOf(host: string, caFile: string | null): Promise<number> {
  if (caFile === null)
    return fetch(`http://${host}/v2/`).then(
      ({ status }) => status,
      () => 0,
    );
  return new Promise((done) => {
    request(`https://${host}/v2/`, { ca: readFileSync(caFile), agent: false }, (answer) => {
      answer.resume();
      done(answer.statusCode ?? 0);
    })
      .on("error", () => done(0))
      .end();
  });
}
