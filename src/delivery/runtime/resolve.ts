import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Provider } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { secretFile } from "../tmpfs.ts";
import { parseExact, stringifyExact } from "../../text/exact-json.ts";
import { readSettings, type RuntimeSettings, type RuntimeStore } from "./settings.ts";

const ROOT = { uid: 0, gid: 0 };

/** Opens a store by provider name; relative file names in `config` are taken from `dir`. */
export type OpenStore = (store: RuntimeStore, dir: string) => Promise<Provider>;

/**
 * Called by `unsprawl-runc` (the program in front of runc) at `create` and `exec`:
 *   resolve.js HOME create BUNDLE OUT ID [LOG]   BUNDLE/config.json → OUT/config.json, values in process.env
 *   resolve.js HOME exec   FILE   OUT ID [LOG]   a process document → OUT, likewise
 * What was resolved at `create` is kept on tmpfs for `exec`, so that a health check sees what the application got.
 * Any failure is a message and exit 1: a container never starts without its secret.
 * Source: OCI runtime-spec config.md "Process"; runc(8) `create --bundle`, `exec --process`.
 */
export async function resolveMain(argv: readonly string[], open: OpenStore): Promise<void> {
  const [home = "", command, from = "", out = "", id = "", log] = argv;
  try {
    const settings = readSettings(home);
    if (settings === null)
      throw new UnsprawlError("absent", `${home}/runtime.json is missing`, "unsprawl runtime install --to STORE");
    if (command === "create") await create(settings, new Resolver(settings, home, open), from, out, id);
    else await exec(new Resolver(settings, home, open, readResolved(settings.memory, id)), from, out);
  } catch (error) {
    const text =
      error instanceof UnsprawlError
        ? [error.message, hintOf(error)].filter(Boolean).join("; ")
        : "the resolver failed";
    fail(`unsprawl: ${text}`, log);
  }
}

async function create(
  settings: RuntimeSettings,
  resolver: Resolver,
  bundle: string,
  out: string,
  id: string,
): Promise<void> {
  const config = parseExact(readFileSync(join(bundle, "config.json"), "utf8")) as OciConfig;
  if (config.process?.env) config.process.env = await resolver.variables(config.process.env);
  // The bundle moves, so a relative root (runtime-spec config.md "Root") must be told from where.
  if (config.root?.path && !isAbsolute(config.root.path)) config.root.path = join(bundle, config.root.path);
  sweepBundles(join(settings.memory, "bundles"));
  mkdirSync(join(settings.memory, "resolved"), { recursive: true, mode: 0o700 });
  secretFile(join(settings.memory, "resolved", `${id}.json`), Buffer.from(JSON.stringify(resolver.known())), ROOT);
  secretFile(join(out, "config.json"), Buffer.from(stringifyExact(config)), ROOT);
}

/** A program that was killed leaves its resolved bundle behind; none is needed for longer than a start takes. */
function sweepBundles(dir: string): void {
  for (const name of readdirSync(dir)) {
    const age = Date.now() - (statSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 600_000) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

async function exec(resolver: Resolver, file: string, out: string): Promise<void> {
  const document = parseExact(readFileSync(file, "utf8")) as { env?: string[] };
  if (document.env) document.env = await resolver.variables(document.env);
  secretFile(out, Buffer.from(stringifyExact(document)), ROOT);
}

type OciConfig = { process?: { env?: string[] }; root?: { path?: string } };

/** Reference → value (base64) as resolved when a container was created; empty when that is not known. */
export function readResolved(memory: string, id: string): ReadonlyMap<string, Secret> {
  try {
    const known = JSON.parse(readFileSync(join(memory, "resolved", `${id}.json`), "utf8")) as {
      [reference: string]: string;
    };
    return new Map(
      Object.entries(known).map(([reference, value]) => [reference, Secret.of(Buffer.from(value, "base64"))]),
    );
  } catch {
    return new Map();
  }
}

/** Resolves references through the runtime's own stores; one request a reference. */
class Resolver {
  readonly #settings: RuntimeSettings;
  readonly #home: string;
  readonly #resolved: Map<string, Secret>;
  readonly #open: OpenStore;
  readonly #deadline: number;
  #stores: Promise<Provider[]> | null = null;

  constructor(
    settings: RuntimeSettings,
    home: string,
    open: OpenStore,
    resolved: ReadonlyMap<string, Secret> = new Map(),
  ) {
    this.#settings = settings;
    this.#home = home;
    this.#open = open;
    this.#deadline = Date.now() + (settings.waitMs ?? 0);
    this.#resolved = new Map(resolved);
  }

  /** `NAME=ref+…` entries with their values; all others, and references of stores that are not ours, as they are. */
  async variables(entries: readonly string[]): Promise<string[]> {
    return Promise.all(
      entries.map(async (entry) => {
        const at = entry.indexOf("=ref+");
        if (at < 1 || entry.indexOf("=") !== at) return entry;
        const name = entry.slice(0, at);
        const value = await this.#resolve(entry.slice(at + 1), name);
        return value === null ? entry : `${name}=${value.expose().toString("utf8")}`;
      }),
    );
  }

  known(): { [reference: string]: string } {
    return Object.fromEntries(
      [...this.#resolved].map(([reference, value]) => [reference, value.expose().toString("base64")]),
    );
  }

  async #resolve(reference: string, name: string): Promise<Secret | null> {
    const known = this.#resolved.get(reference);
    if (known) return known;
    this.#stores ??= openStores(this.#settings, this.#home, this.#open);
    for (const store of await this.#stores) {
      const key = store.parse(reference);
      if (key === null) continue;
      const stored = await patiently(() => store.get(key), this.#deadline);
      if (stored === null) {
        throw new UnsprawlError(
          "absent",
          `${name}: nothing is stored at ${reference}`,
          `put it back, or: unsprawl rollback`,
        );
      }
      this.#resolved.set(reference, stored.value);
      return stored.value;
    }
    const scheme = reference.slice(0, reference.indexOf(":"));
    if (OURS.has(scheme)) {
      throw new UnsprawlError(
        "config",
        `${name}: the runtime has no store for ${scheme}`,
        "unsprawl runtime install --to STORE",
      );
    }
    return null;
  }
}

/**
 * A store that does not answer is asked again until the deadline: the engine does not try a failed start again by
 * itself, and at boot the store may come up a moment later. Anything else (denied, absent) is an answer.
 */
async function patiently<T>(ask: () => Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const later = error instanceof UnsprawlError && (error.code === "unreachable" || error.code === "throttled");
      if (!later || Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

/** Schemes that unsprawl writes: without a store for one of these, the container must not start. */
const OURS = new Set(["ref+vault", "ref+sops", "ref+azurekeyvault", "ref+awssecrets", "ref+awsssm", "ref+keywhiz"]);

/** Opens the stores that the runtime has credentials for. */
export function openStores(settings: RuntimeSettings, home: string, open: OpenStore): Promise<Provider[]> {
  return Promise.all(settings.stores.map((store) => open(store, home)));
}

/** Whoever starts the container has no login to the store to mend: the runtime's own credential is what was refused. */
function hintOf(error: UnsprawlError): string | null {
  return error.code === "denied"
    ? "unsprawl runtime install --to STORE gives the runtime a new credential"
    : error.hint;
}

/** containerd's shim shows the last `error` line of runc's JSON log as the container's start error. */
function fail(text: string, log: string | undefined): void {
  process.stderr.write(`${text}\n`);
  if (log) appendFileSync(log, `${JSON.stringify({ level: "error", msg: text, time: new Date().toISOString() })}\n`);
  process.exitCode = 1;
}
