import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";

/** A key's text; null when it is not set. Throws `config` for anything else. */
export function text(config: { readonly [key: string]: Json }, key: string, prefix = ""): string | null {
  const value = config[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new UnsprawlError("config", `${prefix}${key} must be text`, null);
}

/** A variable of the ecosystem, by the name it has: `VAULT_ADDR`, else OpenBao's `BAO_ADDR`; null where neither is set. */
export function variable(
  env: NodeJS.ProcessEnv,
  what: string,
): { readonly name: string; readonly value: string } | null {
  for (const name of [`VAULT_${what}`, `BAO_${what}`]) {
    const value = env[name];
    if (value) return { name, value };
  }
  return null;
}
