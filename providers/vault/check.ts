import type { StoreCheck } from "../../src/contract/provider.ts";
import { isLoopback } from "../../src/kit/net/outgoing.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import type { VaultClient } from "./client.ts";
import { missingRight, noActiveServer, recoverySecondary, statusError } from "./errors.ts";
import type { Kv } from "./kv.ts";
import type { PolicyRule, MountKind, KvVersion } from "./policy.ts";
import { encodePath, everyPath, vaultKey } from "./names.ts";
import { writerRights } from "./policy.ts";
import type { VaultSettings } from "./settings.ts";

/**
 * Asks for every right that a migration needs, then tries each with a test secret, which it removes. Stops at the first
 * that fails.
 */
export async function checkVault(
  settings: VaultSettings,
  client: VaultClient,
  mounted: () => Promise<MountKind>,
  kv: () => Promise<Kv>,
): Promise<readonly StoreCheck[]> {
  const { address, mount, path } = settings;
  const version = async (): Promise<KvVersion> => {
    const { kind } = await mounted();
    return kind === "database" ? 1 : kind;
  };
  let probe: StoreKey | null = null;
  let role: Role | null = null;
  const store = {
    // A field with the probe's name: if the path has no {subject}, it is beside real ones.
    key: ({ subject }: { subject: string }) => (probe = vaultKey(path, { subject, project: subject, name: subject })),
    get: async (key: StoreKey) => served((await kv()).get(key)),
    put: async (...args: Parameters<Kv["put"]>) => served((await kv()).put(...args)),
    remove: async (...args: Parameters<Kv["remove"]>) => served((await kv()).remove(...args)),
  };
  // The rule is for what will be written, not for the probe.
  const all = everyPath(path);
  const lines = await probeStore(store, {
    async reach() {
      role = await health(client, address);
      return `${address}${plain(address)}${role === null ? "" : ` (a ${role}: it passes writes on to the active server)`}`;
    },
    async authenticate() {
      const { kind } = await served(mounted());
      return `${settings.auth.method}; ${mount}/ is ${kind === "database" ? "the database engine" : `KV version ${kind}`}`;
    },
    async missing(names) {
      const { kind } = await mounted();
      if (kind === "database") return [READS_ALONE];
      const rights = (at: string): readonly PolicyRule[] => writerRights(mount, at, kind);
      return missingRights(client, rights(store.key(names).path), rights(all));
    },
    async gone() {
      // Without a placeholder the secret exists for others too.
      if (probe !== null && path.includes("{") && (await version()) === 2) await gone(client, mount, probe.path);
    },
  });
  const said: StoreCheck[] = [];
  for (const line of lines) said.push(await better(line));
  return said;

  /** A standby that answers for itself, and cannot pass on, says little: its cluster is what is missing. */
  async function served<T>(act: Promise<T>): Promise<T> {
    return act.catch((error: unknown) => {
      throw role !== null && isUnreachable(error) ? noActiveServer(address) : error;
    });
  }

  async function better(line: StoreCheck): Promise<StoreCheck> {
    if (line.right === "check-and-set" && line.ok && (await version()) === 1)
      return {
        right: "check-and-set",
        ok: false,
        text: `${mount}/ is KV version 1, which has no check-and-set: two writers at the same time can lose a value`,
        hint: "do not let others write during a migration, or use a KV version 2 mount",
      };
    if (line.right === "write" && line.ok && probe !== null) {
      const notes = await (await kv()).notes(probe.path);
      return { ...line, text: [line.text, ...notes].join("; ") };
    }
    if (line.ok || probe === null) return line;
    // Nothing is written if nothing can be read back; what is missing then is the right to read.
    const blind = line.right === "write" && (await store.get(probe).then(() => false, isDenied));
    return {
      ...line,
      right: blind ? "read" : line.right,
      hint: line.hint?.replaceAll(probe.path, all) ?? null,
    };
  }
}

/**
 * What a token lacks, by what Vault says of it (sys/capabilities-self): a line for each right, with the rule that grants
 * it. `asked` are the rules for one secret, `named` the same ones for all. Nothing where Vault does not say.
 */
async function missingRights(
  client: VaultClient,
  asked: readonly PolicyRule[],
  named: readonly PolicyRule[],
): Promise<readonly StoreCheck[]> {
  const json = { paths: asked.map(({ path }) => path) };
  const answer = await client.call("POST", "sys/capabilities-self", {
    json,
    needs: [],
    expect: [400, 403, 404, 405],
  });
  const { data: has = {} } = (answer.body ?? {}) as {
    readonly data?: { readonly [path: string]: unknown };
  };
  return asked.flatMap(({ path, capabilities }, at) => {
    const held = has[path];
    const rule = named[at];
    if (!Array.isArray(held) || rule === undefined || held.includes("root")) return [];
    const lacking = capabilities.filter((one) => !held.includes(one));
    return RIGHTS.flatMap(([right, of]): StoreCheck[] => {
      const isMetadata = at > 0;
      const these = lacking.filter((one) => (isMetadata ? right === "delete" : of.includes(one)));
      if (these.length === 0) return [];
      const { message: text } = missingRight([{ path: rule.path, capabilities: these }]);
      return [{ right, ok: false, text, hint: missingRight([rule]).hint }];
    });
  });
}

/** All that there is to say of the database engine: whether a login may be read is a matter of its role. */
const READS_ALONE: StoreCheck = {
  ...{
    right: "read",
    ok: true,
    text: "the logins of static roles, with a right for each; nothing is written there",
  },
  hint: null,
};

/** Which capabilities of a secret's data each right is. */
const RIGHTS: readonly (readonly [StoreCheck["right"], readonly string[]])[] = [
  ["write", ["create", "update", "patch"]],
  ["read", ["read"]],
  ["delete", ["delete"]],
];

/**
 * Without rights on the metadata, the value is removed, and its empty secret stays. Throws `denied` with what is
 * missing.
 */
async function gone(client: VaultClient, mount: string, path: string): Promise<void> {
  const needs = writerRights(mount, path, 2).filter((right) => right.path.startsWith(`${mount}/metadata/`));
  const { status } = await client.call("GET", encodePath(`${mount}/metadata/${path}`), {
    needs,
    expect: [404],
  });
  if (status !== 404) throw missingRight(needs);
}

/** A server of a cluster that is not its active one. */
type Role = "standby" | "performance standby";

/**
 * What the server says about itself without a token; null for an active one. Throws for one that serves nobody. Its state
 * is in the body: node-vault takes each status of this path for success (Vault API, sys/health).
 */
async function health(client: VaultClient, address: string): Promise<Role | null> {
  const { body, status, errors } = await client.bare("GET", "sys/health");
  const state = (body ?? {}) as { readonly [key: string]: unknown };
  if (state["initialized"] === false) throw statusError(501, [], address);
  if (state["sealed"] === true) throw statusError(503, ["sealed"], address);
  if (typeof state["sealed"] !== "boolean") throw statusError(status, errors, address);
  if (state["replication_dr_mode"] === "secondary") throw recoverySecondary(address);
  if (state["performance_standby"] === true) return "performance standby";
  return state["standby"] === true ? "standby" : null;
}

function plain(address: string): string {
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && !isLoopback(hostname)
    ? " (without TLS: anyone on the network path can read the secrets)"
    : "";
}

function isUnreachable(error: unknown): boolean {
  return error instanceof UnsprawlError && error.code === "unreachable";
}

function isDenied(error: unknown): boolean {
  return error instanceof UnsprawlError && error.code === "denied";
}
