import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { childEnvironment } from "../../kit/child-environment.ts";
import { cmd } from "../../kit/shell.ts";
import { configHome, homeOf, runtimeHome } from "../../kit/home.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { HUB_HOST } from "./reference.ts";
import { trimEndOf } from "../../kit/text/trim.ts";
import type { JsonObject } from "../../kit/json-object.ts";

/** A registry login: a name and a password, or an identity token that is exchanged for others. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: Secret }
  | { readonly kind: "identity"; readonly token: Secret };

const HUB_KEY = "https://index.docker.io/v1/";
const HELPER_MS = 60_000;
const HELPER_LIMIT = 64 * 1024;

/**
 * The login for `HOST[:PORT]/REPO`, found as Docker and Podman find theirs: `$REGISTRY_AUTH_FILE`, else
 * `$DOCKER_CONFIG/config.json` (`credHelpers`, `credsStore`, `auths`), else Podman's files. Null if there is none.
 * Sources: docker/cli `cli/config`, containers-auth.json(5). Throws `config` for an unreadable file, `failed` if a
 * helper fails for another reason than having no login.
 */
export async function findCredentials(
  env: NodeJS.ProcessEnv,
  host: string,
  repository: string,
): Promise<Credentials | null> {
  for (const file of authFiles(env)) {
    const config = readConfig(file);
    if (config === null) continue;
    const found = await fromConfig(config, file, host, repository, env);
    if (found) return found;
  }
  return null;
}

function authFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const runtime = runtimeHome(env);
  return [
    env["REGISTRY_AUTH_FILE"] ?? "",
    join(env["DOCKER_CONFIG"] || join(homeOf(env), ".docker"), "config.json"),
    runtime === null ? "" : join(runtime, "containers/auth.json"),
    join(configHome(env), "containers/auth.json"),
  ].filter((file) => file !== "");
}

const open = (value: unknown): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

function readConfig(file: string): JsonObject | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "")) return null;
    throw new UnsprawlError("config", `cannot read the registry logins in ${file}`, "check its rights", causeOf(error));
  }
  try {
    return open(JSON.parse(text === "" ? "{}" : text));
  } catch {
    throw new UnsprawlError("config", `${file} is not JSON`, "fix it, or docker login again");
  }
}

async function fromConfig(
  config: JsonObject,
  file: string,
  host: string,
  repository: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials | null> {
  const key = host === HUB_HOST ? HUB_KEY : host;
  const helpers = open(config["credHelpers"]);
  const own = helpers[key] ?? helpers[host];
  const helper = own ?? config["credsStore"];
  if (typeof helper === "string" && helper !== "") {
    const found = await askHelper(helper, typeof own === "string" && Object.hasOwn(helpers, host) ? host : key, env);
    if (found || own !== undefined) return found;
  }
  const auths = open(config["auths"]);
  for (const wanted of keysFor(host, repository)) {
    const entry = Object.keys(auths).find((name) => name === wanted || plainKey(name) === wanted);
    const found = entry === undefined ? null : fromAuth(open(auths[entry]), file, host);
    if (found) return found;
  }
  return null;
}

/** Podman stores logins for parts of a registry too: the longest match counts. */
function keysFor(host: string, repository: string): readonly string[] {
  const parts = repository === "" ? [] : repository.split("/");
  const nested = parts.map((_, at) => [host, ...parts.slice(0, parts.length - at)].join("/"));
  return [...nested, host];
}

/** Docker has written keys as URLs of its first protocol: `https://HOST/v1/`. */
function plainKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  return bare === "index.docker.io" ? HUB_HOST : bare;
}

function fromAuth(entry: JsonObject, file: string, host: string): Credentials | null {
  const text = (name: string): string => (typeof entry[name] === "string" ? entry[name] : "");
  if (text("identitytoken") !== "") return { kind: "identity", token: Secret.of(text("identitytoken")) };
  if (text("auth") !== "") {
    const decoded = trimEndOf(Buffer.from(text("auth"), "base64").toString("utf8"), "\0");
    const at = decoded.indexOf(":");
    if (at < 1)
      throw new UnsprawlError("config", `${file}: the login for ${host} cannot be read`, cmd`docker login ${host}`);
    return { kind: "password", username: decoded.slice(0, at), password: Secret.of(decoded.slice(at + 1)) };
  }
  if (text("username") === "" || text("password") === "") return null;
  return { kind: "password", username: text("username"), password: Secret.of(text("password")) };
}

/**
 * `docker-credential-NAME get`: the key on stdin, JSON on stdout. A user name of `<token>` marks an identity token.
 * Protocol: docker/docker-credential-helpers `credentials`, `client`.
 */
async function askHelper(name: string, key: string, env: NodeJS.ProcessEnv): Promise<Credentials | null> {
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new UnsprawlError(
      "config",
      `${JSON.stringify(name)} is not the name of a credential helper`,
      "check credsStore",
    );
  const program = `docker-credential-${name}`;
  const { code, stdout } = await output(program, key, env);
  if (code !== 0) {
    if (/credentials not found|no credentials server URL|no credentials username/i.test(stdout)) return null;
    throw new UnsprawlError("failed", `${program} get failed for ${key} (${code})`, cmd`echo ${key} | ${program} get`);
  }
  let answer: JsonObject;
  try {
    answer = open(JSON.parse(stdout));
  } catch {
    throw new UnsprawlError("malformed", `${program} does not answer with JSON`, cmd`echo ${key} | ${program} get`);
  }
  const { Username: username, Secret: secret } = answer;
  if (typeof secret !== "string" || secret === "") return null;
  if (username === "<token>") return { kind: "identity", token: Secret.of(secret) };
  return { kind: "password", username: typeof username === "string" ? username : "", password: Secret.of(secret) };
}

/** A helper is the user's choice, and some log in to a cloud with the cloud's variables: only those are passed on. */
function helpersEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const clouds = Object.entries(env).filter(([name]) =>
    /^(AWS|AZURE|GOOGLE|CLOUDSDK|GCP)_|^(PASSWORD_STORE|DOCKER_CREDENTIAL)/.test(name),
  );
  return { ...childEnvironment(env), ...Object.fromEntries(clouds) };
}

function output(
  program: string,
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | string; stdout: string }> {
  return new Promise((done) => {
    const child = spawn(program, ["get"], {
      env: helpersEnvironment(env),
      stdio: ["pipe", "pipe", "ignore"],
      timeout: HELPER_MS,
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.length > HELPER_LIMIT) child.kill();
    });
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => done({ code: (error as { code?: string }).code ?? "error", stdout }));
    child.on("close", (code, signal) => done({ code: code ?? signal ?? "ended", stdout }));
    child.stdin.end(input);
  });
}
