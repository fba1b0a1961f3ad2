import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Provider } from "../../contract/provider.ts";
import { withBackoff, type Attempt } from "../../kit/net/backoff.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { secretFile } from "../tmpfs.ts";
import { parseExact, stringifyExact } from "../../kit/text/exact-json.ts";
import { readBindings } from "./bindings.ts";
import { consumersOf, podConsumersOf } from "./consumer.ts";
import { engineRecord } from "./record.ts";
import {
  resolvedEnvironment,
  mustBeAllowed,
  referencesIn,
  type ResolvedReference,
  type VariableReference,
} from "./references.ts";
import { readSettings, type RuntimeSettings, type RuntimeStore } from "./settings.ts";
import { loadOnlyRoots } from "../../kit/root-loads.ts";
import { makeFolders } from "../../kit/io/folders.ts";

const ROOT = { uid: 0, gid: 0 };

/** Opens a store for the runtime; relative file names in its `config` are resolved against `dir`. */
export type OpenStore = (store: RuntimeStore, dir: string) => Promise<Provider>;

/**
 * The resolver, called by `unsprawl-runc` (the program in front of runc) at `create` and `exec`:
 * - `resolve.js HOME create BUNDLE OUT ID [LOG]`: BUNDLE/config.json → OUT/config.json, with values in process.env
 * - `resolve.js HOME exec FILE OUT ID [LOG]`: a process document → OUT, likewise
 *
 * A reference is resolved only for the consumer it is bound to (`bindings`); a container with any other reference does
 * not start. Values resolved at `create` are kept on tmpfs for `exec`, which uses exactly those and asks no store. Any
 * failure is a message and exit 1: a container never starts without its secret, or with a reference as its password.
 *
 * Source: OCI runtime-spec config.md "Process"; runc(8) `create --bundle`, `exec --process`.
 */
export async function resolveMain(argv: readonly string[], open: OpenStore): Promise<void> {
  const [home = "", command, from = "", out = "", id = "", log] = argv;
  try {
    loadOnlyRoots(process.env);
    const settings = readSettings(home);
    if (settings === null)
      throw new UnsprawlError("absent", `${home}/runtime.json is missing`, "unsprawl runtime install --to STORE");
    if (command === "create") await create(settings, home, open, from, out, id);
    else exec(settings, from, out, id);
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
  home: string,
  open: OpenStore,
  bundle: string,
  out: string,
  id: string,
): Promise<void> {
  const config = parseExact(readFileSync(join(bundle, "config.json"), "utf8")) as OciConfig;
  const env = config.process?.env ?? [];
  const wanted = referencesIn(env);
  const record = engineRecord(settings.engineRoot, id);
  const consumers = settings.pods ? podConsumersOf(bundle, config.annotations ?? {}) : consumersOf(record, id);
  mustBeAllowed(wanted, readBindings(home), consumers, record?.image ?? null);
  const stores = wanted.length === 0 ? [] : await openStores(settings, home, open);
  const given = await resolveReferences(stores, settings.waitMs ?? 0, wanted);
  if (config.process?.env) config.process.env = resolvedEnvironment(env, given);
  // The bundle moves, so a relative root (runtime-spec config.md "Root") must be made absolute.
  if (config.root?.path && !isAbsolute(config.root.path)) config.root.path = join(bundle, config.root.path);
  sweepBundles(join(settings.memory, "bundles"));
  makeFolders(join(settings.memory, "resolved"), 0o700);
  secretFile(resolvedFile(settings.memory, id), Buffer.from(kept(given)), ROOT);
  secretFile(join(out, "config.json"), Buffer.from(stringifyExact(config)), ROOT);
}

/** Deletes resolved bundles left behind by killed programs; a bundle is needed only while a container starts. */
function sweepBundles(dir: string): void {
  for (const name of readdirSync(dir)) {
    const age = Date.now() - (statSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 600_000) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function exec(settings: RuntimeSettings, file: string, out: string, id: string): void {
  const document = parseExact(readFileSync(file, "utf8")) as { env?: string[] };
  const { env } = document;
  if (env) document.env = resolvedEnvironment(env, readResolved(settings.memory, id, referencesIn(env)));
  secretFile(out, Buffer.from(stringifyExact(document)), ROOT);
}

type OciConfig = {
  process?: { env?: string[] };
  root?: { path?: string };
  annotations?: { readonly [key: string]: unknown };
};
type CachedReference = { readonly variable: string; readonly reference: string; readonly value: string };
type LegacyCachedReferences = { readonly [reference: string]: string };

/**
 * A container's variables as resolved when it was created; empty if unknown. Earlier versions kept values by reference
 * only: for such containers, the `wanted` variables receive them until the next restart.
 */
export function readResolved(
  memory: string,
  id: string,
  wanted: readonly VariableReference[] = [],
): readonly ResolvedReference[] {
  try {
    const found = JSON.parse(readFileSync(resolvedFile(memory, id), "utf8")) as
      | readonly CachedReference[]
      | LegacyCachedReferences;
    const list = isList(found)
      ? found
      : wanted.flatMap(({ variable, reference }): CachedReference[] => {
          const value = Object.hasOwn(found, reference) ? found[reference] : undefined;
          return value === undefined ? [] : [{ variable, reference, value }];
        });
    return list.map((one) => ({ ...one, value: Secret.of(Buffer.from(one.value, "base64")) }));
  } catch {
    return [];
  }
}

const isList = (found: readonly CachedReference[] | LegacyCachedReferences): found is readonly CachedReference[] =>
  Array.isArray(found);

function kept(given: readonly ResolvedReference[]): string {
  return JSON.stringify(
    given.map(({ variable, reference, value }): CachedReference => ({
      variable,
      reference,
      value: value.expose().toString("base64"),
    })),
  );
}

const resolvedFile = (memory: string, id: string): string => join(memory, "resolved", `${id}.json`);

/** Who resolves, for messages: its name, and what gives it a store. */
type Resolver = { readonly name: string; readonly advice: string };

const RUNTIME: Resolver = { name: "the runtime", advice: "unsprawl runtime install --to STORE" };

/**
 * Resolves references through these stores, with one request per reference; waits at most this long for one that cannot be
 * reached. Throws `config` if no store handles a reference.
 */
export async function resolveReferences(
  stores: readonly Provider[],
  waitMs: number,
  wanted: readonly VariableReference[],
  who: Resolver = RUNTIME,
): Promise<readonly ResolvedReference[]> {
  const deadline = Date.now() + waitMs;
  const asked = new Map<string, Promise<Secret>>();
  return Promise.all(
    wanted.map(async ({ variable, reference }): Promise<ResolvedReference> => {
      const asking = asked.get(reference) ?? fetchOne(stores, deadline, { variable, reference }, who);
      asked.set(reference, asking);
      return { variable, reference, value: await asking };
    }),
  );
}

async function fetchOne(
  stores: readonly Provider[],
  deadline: number,
  { variable, reference }: VariableReference,
  who: Resolver,
): Promise<Secret> {
  for (const store of stores) {
    const key = store.parse(reference);
    if (key === null) continue;
    const stored = await untilDeadline(() => store.get(key), deadline);
    if (stored !== null) return stored.value;
    throw new UnsprawlError(
      "absent",
      `${variable}: nothing is stored at ${reference}`,
      `put it back, or: unsprawl rollback`,
    );
  }
  throw new UnsprawlError(
    "config",
    `${variable}: ${who.name} has no store for ${reference.split(":", 1)[0] ?? ""}`,
    who.advice,
  );
}

/**
 * Retries an unreachable store until the deadline: the engine does not retry a failed start, and at boot the store may
 * come up a moment later. Other errors (denied, absent) are final.
 */
function untilDeadline<T>(ask: () => Promise<T>, deadline: number): Promise<T> {
  const attempt = async (): Promise<Attempt<T>> => {
    try {
      return { done: await ask() };
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !["unreachable", "throttled"].includes(error.code)) throw error;
      const give = (): never => {
        throw error;
      };
      return { askedMs: null, give };
    }
  };
  return withBackoff(attempt, { firstMs: 500, longestMs: 500, withinMs: deadline - Date.now() + 500 });
}

/** Opens the stores that there are credentials for in `home`. */
export function openStores(
  settings: Pick<RuntimeSettings, "stores">,
  home: string,
  open: OpenStore,
): Promise<Provider[]> {
  return Promise.all(settings.stores.map((store) => open(store, home)));
}

/** `denied` concerns the runtime's credential, not the login of the user who starts the container. */
function hintOf(error: UnsprawlError): string | null {
  return error.code === "denied"
    ? "unsprawl runtime install --to STORE gives the runtime a new credential"
    : error.hint;
}

/** containerd's shim shows the last `error` line of runc's JSON log as the reason why the container did not start. */
function fail(text: string, log: string | undefined): void {
  process.stderr.write(`${text}\n`);
  if (log) appendFileSync(log, `${JSON.stringify({ level: "error", msg: text, time: new Date().toISOString() })}\n`);
  process.exitCode = 1;
}
