import { randomBytes } from "node:crypto";
import type { KeyNames, Provider, StoreCheck } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, type StoreKey } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";

export type StoreProbe = {
  /** Reaches the store without a credential if possible; returns what to say about it. */
  readonly reach: () => Promise<string>;
  /** Proves who we are; returns what to say about it. */
  readonly authenticate: () => Promise<string>;
  /** The rights that are missing by the store's own account: nothing is written if there are any. */
  readonly missing?: (names: KeyNames) => Promise<readonly StoreCheck[]>;
  /** Requests for a name that nobody has: what is denied of them are missing rights, too. Not for a name that others share. */
  readonly rights?: (key: StoreKey) => Promise<readonly RightProbe[]>;
  /** Said about check-and-set if it works. */
  readonly checkAndSet?: string;
  /** Proves that the probe left nothing, beyond its value being gone. */
  readonly gone?: (names: KeyNames) => Promise<void>;
};

/** A request that shows one right, for a name where nothing is. */
export type RightProbe = {
  readonly right: "read" | "write" | "delete";
  /** Throws `denied` if the right is missing; whatever else it throws says nothing about rights. */
  readonly act: () => Promise<unknown>;
  /** Of a request that creates: what takes that away again. */
  readonly undo?: () => Promise<unknown>;
};

/**
 * Asks for the rights that are missing, by the store's own account or by requests for a name that nobody has, and names all
 * of them at once. If there are none, tries what a migration does with a test value, which it removes, and stops at the
 * first write that fails.
 */
export async function probeStore(
  store: Pick<Provider, "key" | "get" | "put" | "remove">,
  {
    reach,
    authenticate,
    missing,
    rights,
    checkAndSet = "a second write to the same name is refused",
    gone,
  }: StoreProbe,
): Promise<readonly StoreCheck[]> {
  const name = `unsprawl-check-${randomBytes(4).toString("hex")}`;
  const names = { subject: name, project: name, name: "PROBE" };
  const value = Secret.of(randomBytes(16).toString("hex"));
  const lines: StoreCheck[] = [];
  const attempt = async (right: StoreCheck["right"], act: () => Promise<string>): Promise<boolean> => {
    try {
      lines.push({ right, ok: true, text: await act(), hint: null });
      return true;
    } catch (error) {
      lines.push(failedLine(right, error));
      return false;
    }
  };
  if (!(await attempt("reach", reach))) return lines;
  if (!(await attempt("authenticate", authenticate))) return lines;
  const known = (await missing?.(names)) ?? [];
  if (known.length > 0) return [...lines, ...known];
  const key = store.key(names);
  // Without the probe's name in it, the path is one where others have their values.
  const denied = key.path.includes(name) ? await deniedOf((await rights?.(key)) ?? []) : [];
  if (denied.length > 0) return [...lines, ...denied];
  const wrote = await attempt("write", async () => {
    await store.put(key, value, null, { runId: "check", subject: name });
    return storeKeyText(key);
  });
  if (!wrote) return lines;
  await attempt("read", async () => {
    if (!(await store.get(key))?.value.equals(value))
      throw new UnsprawlError("changed", `${storeKeyText(key)} returned other bytes`, "another process writes there");
    return "the same bytes come back";
  });
  await attempt("check-and-set", async () => {
    const second = await store.put(key, value, null, { runId: "check", subject: name }).then(
      () => "written",
      (error: unknown) => (error instanceof UnsprawlError ? error.code : "failed"),
    );
    if (second !== "conflict")
      throw new UnsprawlError("failed", `${storeKeyText(key)} was written twice`, "report this");
    return checkAndSet;
  });
  await attempt("delete", async () => {
    await store.remove(key, (one) => one.equals(value));
    await gone?.(names);
    return "the probe was deleted";
  });
  return lines;
}

/** A line for each request that is denied. What creates is asked only beside others: else the probe's life shows it. */
async function deniedOf(probes: readonly RightProbe[]): Promise<readonly StoreCheck[]> {
  const lines: StoreCheck[] = [];
  const ask = async ({ right, act }: RightProbe): Promise<boolean> => {
    try {
      await act();
      return true;
    } catch (error) {
      // A wall before the store says the same of each.
      const isNew = error instanceof UnsprawlError && lines.every(({ text }) => text !== error.message);
      if (isNew && error.code === "denied") lines.push(failedLine(right, error));
      return false;
    }
  };
  for (const probe of probes) if (probe.undo === undefined) await ask(probe);
  if (lines.length === 0) return [];
  const canDelete = lines.every(({ right }) => right !== "delete");
  for (const { right, act, undo } of probes) {
    if (undo === undefined) continue;
    if (!canDelete)
      lines.push({ right, ok: false, text: NOT_TRIED, hint: "unsprawl stores check, once it may delete" });
    else if (await ask({ right, act })) await undo().catch((error: unknown) => lines.push(failedLine("delete", error)));
  }
  return lines;
}

const NOT_TRIED = "creating a secret was not tried: it could not be deleted again";

function failedLine(right: StoreCheck["right"], error: unknown): StoreCheck {
  const known = error instanceof UnsprawlError ? error : null;
  return { right, ok: false, text: known?.message ?? "failed", hint: known?.hint ?? "unsprawl doctor" };
}
