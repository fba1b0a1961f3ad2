import type { StoreKey } from "../../src/model/plan.ts";
import { fixedPrefix } from "../../src/stores-kit/names.ts";
import type { VaultClient } from "./client.ts";
import { statusError } from "./errors.ts";
import type { Kv } from "./kv.ts";
import { checkPath, encodePath } from "./names.ts";
import { listRights } from "./policy.ts";
import type { VaultSettings } from "./settings.ts";

/** How many folders, and then secrets, are asked for at once. */
const AT_ONCE = 8;

/**
 * Every text field of every secret whose path begins with `what`, by path and then by field; empty for everything that
 * the store's template reaches. `apps/api` includes `apps/api-2` too, `apps/api/` only what is below it. Soft-deleted
 * secrets are not included. Throws `denied` with the rights that listing needs.
 */
export async function listKeys(
  what: string,
  { mount, path, address }: VaultSettings,
  client: VaultClient,
  version: 1 | 2,
  kv: Kv,
  omits: (path: string) => void = () => undefined,
): Promise<readonly StoreKey[]> {
  const { default: pMap } = await import("p-map");
  const children = async (folder: string): Promise<readonly string[]> => {
    const at = `${encodePath(version === 2 ? `${mount}/metadata` : mount)}/${encodePath(folder)}?list=true`;
    const needs = listRights(mount, folder, version);
    const { status, body, errors } = await client.call("GET", at, { needs, expect: [404] });
    if (status === 404 && errors.length > 0) throw statusError(status, errors, address);
    if (status === 404) return [];
    const { keys } = (body as { data?: { keys?: unknown } } | null)?.data ?? {};
    if (!Array.isArray(keys)) throw statusError(status, [], address);
    // A URL would fold a part that is empty or made of dots into another place.
    return keys.filter((key) => typeof key === "string" && !/^\.{0,2}\/?$/.test(key)).map((key) => `${folder}${key}`);
  };
  const below = async (prefix: string): Promise<readonly string[]> => {
    const secrets: string[] = [];
    let folders: readonly string[] = [prefix.slice(0, prefix.lastIndexOf("/") + 1)];
    while (folders.length > 0) {
      const found = (await pMap(folders, children, { concurrency: AT_ONCE })).flat();
      const meant = found.filter((one) => one.startsWith(prefix));
      secrets.push(...meant.filter((one) => !one.endsWith("/")));
      folders = meant.filter((one) => one.endsWith("/"));
    }
    return secrets;
  };
  const asked = prefixOf(what);
  // A template without a placeholder is one secret, and not others with the same beginning.
  const paths = asked === "" && !path.includes("{") ? [path] : await below(asked === "" ? fixedPrefix(path) : asked);
  const keys = await pMap(
    paths,
    async (one): Promise<readonly StoreKey[]> => {
      const fields = Object.entries((await kv.fields(one)) ?? {});
      const texts = fields.filter(([, value]) => typeof value === "string");
      for (let other = texts.length; other < fields.length; other++) omits(one);
      return texts.map(([field]) => ({ path: one, field }));
    },
    { concurrency: AT_ONCE },
  );
  return keys.flat().toSorted((a, b) => order(a.path, b.path) || order(a.field, b.field));
}

/** Throws `config` for a path that a URL would change. */
function prefixOf(what: string): string {
  if (/^\/*$/.test(what)) return "";
  return `${checkPath(what, "what to list")}${what.endsWith("/") ? "/" : ""}`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
