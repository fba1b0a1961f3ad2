import { randomBytes } from "node:crypto";
import type { KeyNames, Provider, StoreCheck } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";

export type StoreProbe = {
  /** Reaches the store without a credential if possible; returns what to say about it. */
  readonly reach: () => Promise<string>;
  /** Proves who we are; returns what to say about it. */
  readonly authenticate: () => Promise<string>;
  /** The rights that are missing by the store's own account: nothing is written if there are any. */
  readonly missing?: (names: KeyNames) => Promise<readonly StoreCheck[]>;
  /** Said about check-and-set if it works. */
  readonly checkAndSet?: string;
  /** Proves that the probe left nothing, beyond its value being gone. */
  readonly gone?: (names: KeyNames) => Promise<void>;
};

/**
 * Asks for the rights that are missing, where the store can say, and else tries every right that a migration needs with a
 * test value, which it removes. Stops at the first that fails.
 */
export async function probeStore(
  store: Pick<Provider, "key" | "get" | "put" | "remove">,
  { reach, authenticate, missing, checkAndSet = "a second write to the same name is refused", gone }: StoreProbe,
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
      const known = error instanceof UnsprawlError ? error : null;
      lines.push({ right, ok: false, text: known?.message ?? "failed", hint: known?.hint ?? "unsprawl doctor" });
      return false;
    }
  };
  if (!(await attempt("reach", reach))) return lines;
  if (!(await attempt("authenticate", authenticate))) return lines;
  const known = (await missing?.(names)) ?? [];
  if (known.length > 0) return [...lines, ...known];
  const key = store.key(names);
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
