import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { homeOf, runtimeHome } from "../kit/home.ts";
import { UnsprawlError } from "../model/error.ts";

/** How to reach an engine. `address` has the form of DOCKER_HOST. */
export type EngineConnection = {
  readonly address: string;
  readonly via: "unix" | "tcp" | "ssh";
  readonly socketPath: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } | null;
};

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Finds the engine as Docker's client does: DOCKER_HOST, otherwise DOCKER_CONTEXT, otherwise `currentContext` in
 * config.json, otherwise the default socket. Source: docker/cli `cli/command/cli.go` (resolveContextName) and
 * `cli/context/store` (a context's folder is the SHA-256 of its name). Throws `config` if the named context or a
 * certificate cannot be read.
 */
export function findConnection(env: NodeJS.ProcessEnv): EngineConnection {
  if (env["DOCKER_HOST"]) return parseAddress(env["DOCKER_HOST"], tlsFromEnv(env));
  const folder = configFolder(env);
  const context = env["DOCKER_CONTEXT"] || currentContext(folder);
  if (context && context !== "default") return fromContext(folder, context);
  const runtime = runtimeHome(env);
  const rootless = runtime === null ? null : join(runtime, "docker.sock");
  if (process.platform === "win32") return parseAddress("npipe:////./pipe/docker_engine", null);
  // Docker Desktop's own, where it has not been allowed to make the default one.
  const others = [...(rootless === null ? [] : [rootless]), join(folder, "run/docker.sock")];
  const other = existsSync(DEFAULT_SOCKET) ? undefined : others.find((one) => existsSync(one));
  return parseAddress(`unix://${other ?? DEFAULT_SOCKET}`, null);
}

/**
 * The host's name in the history: this machine's name for its default engine, otherwise the engine's address.
 * UNSPRAWL_HOST overrides it, for machines whose name changes (containers).
 */
export function historyHostName({ address }: EngineConnection, env: NodeJS.ProcessEnv): string {
  return env["UNSPRAWL_HOST"] || (address === `unix://${DEFAULT_SOCKET}` ? hostname() : address);
}

/**
 * Parses `unix:///path`, `npipe:////./pipe/name`, `tcp://host:port`, `ssh://user@host[:port]`, `http(s)://…` or a bare
 * `host:port`. The address
 * is shown in messages, reports and histories: a login in it, which Docker does not use either, is left out. Throws
 * `config`.
 */
export function parseAddress(address: string, tls: EngineConnection["tls"]): EngineConnection {
  const none = { socketPath: null, host: null, port: null, user: null, tls };
  if (address.startsWith("unix://") || address.startsWith("/")) {
    const socketPath = address.replace(/^unix:\/\//, "") || DEFAULT_SOCKET;
    return { ...none, address: `unix://${socketPath}`, via: "unix", socketPath, tls: null };
  }
  // Node opens a named pipe of Windows as it opens a socket.
  if (address.startsWith("npipe://")) {
    const socketPath = address.slice("npipe://".length).replaceAll("/", "\\");
    return { ...none, address, via: "unix", socketPath, tls: null };
  }
  let url: URL;
  try {
    url = new URL(/^\w+:\/\//.test(address) ? address : `tcp://${address}`);
  } catch {
    throw badAddress(address);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!host) throw badAddress(address);
  if (url.protocol === "ssh:") return { ...none, address, via: "ssh", host, ...sshLogin(url, address), tls: null };
  if (!["tcp:", "http:", "https:"].includes(url.protocol)) throw badAddress(address);
  // URL drops a scheme's default port (80, 443), so the port is read from the text.
  const port = url.port || (/:(\d+)(?=[/?#]|$)/.exec(address.replace(/^\w+:\/\//, ""))?.[1] ?? "");
  const secure = tls ?? (url.protocol === "https:" ? {} : null);
  const shown = url.username || url.password ? address.replace(/^(\w+:\/\/)?[^/?#]*@/, "$1") : address;
  return { ...none, address: shown, via: "tcp", host, port: Number(port || (secure ? 2376 : 2375)), tls: secure };
}

function sshLogin(url: URL, address: string): Pick<EngineConnection, "port" | "user"> {
  if (url.password) throw badAddress(address, "write ssh://user@host, without a password: ssh logs in with a key");
  return {
    port: url.port ? Number(url.port) : null,
    user: url.username ? decodeURIComponent(url.username) : null,
  };
}

function badAddress(
  address: string,
  hint = "set DOCKER_HOST to unix:///path, tcp://host:port or ssh://user@host",
): UnsprawlError {
  // What stands before the last @ may be a login, whatever is in it.
  const shown = address.replace(/^(\w+:\/\/)?.*@/s, "$1…@");
  return new UnsprawlError("config", `cannot read the engine's address ${JSON.stringify(shown)}`, hint);
}

/**
 * TLS is used if DOCKER_TLS_VERIFY is set, with certificates from DOCKER_CERT_PATH, otherwise from Docker's own folder.
 * Source: docker/cli `cli/flags/options.go` (DOCKER_CERT_PATH alone only says where certificates are).
 */
function tlsFromEnv(env: NodeJS.ProcessEnv): EngineConnection["tls"] {
  if (!env["DOCKER_TLS_VERIFY"]) return null;
  const folder = env["DOCKER_CERT_PATH"];
  return folder ? readTls(folder, true) : (readTls(configFolder(env), false) ?? {});
}

function configFolder(env: NodeJS.ProcessEnv): string {
  return env["DOCKER_CONFIG"] || join(homeOf(env), ".docker");
}

function readTls(folder: string, required: boolean): EngineConnection["tls"] {
  const part = (name: string): Buffer | undefined => {
    try {
      return readFileSync(join(folder, name));
    } catch {
      return undefined;
    }
  };
  const [ca, cert, key] = [part("ca.pem"), part("cert.pem"), part("key.pem")];
  if (!ca && !cert && required) {
    throw new UnsprawlError("config", `no ca.pem or cert.pem can be read in ${folder}`, "check DOCKER_CERT_PATH");
  }
  if (!ca && !cert) return null;
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as { [key: string]: unknown })[name] : undefined;

function currentContext(folder: string): string | null {
  const file = join(folder, "config.json");
  if (!existsSync(file)) return null;
  try {
    const name = field(JSON.parse(readFileSync(file, "utf8")), "currentContext");
    return typeof name === "string" ? name : null;
  } catch {
    throw new UnsprawlError("config", `cannot read Docker's configuration ${file}`, "fix it, or set DOCKER_HOST");
  }
}

function fromContext(folder: string, name: string): EngineConnection {
  const id = createHash("sha256").update(name).digest("hex");
  try {
    const meta: unknown = JSON.parse(readFileSync(join(folder, "contexts/meta", id, "meta.json"), "utf8"));
    const host = field(field(field(meta, "Endpoints"), "docker"), "Host");
    if (typeof host !== "string") throw new TypeError("no host");
    return parseAddress(host, readTls(join(folder, "contexts/tls", id, "docker"), false));
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    throw new UnsprawlError(
      "config",
      `no Docker context named ${JSON.stringify(name)} in ${folder}`,
      "docker context ls",
    );
  }
}
