import type { ComposeConfig } from "../engine/cli.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

export type GrantKind = "secrets" | "configs";

/** One of a service's grants: where it is mounted, and the file that it is; null for one that is no file. */
type GrantedEntry = { readonly source: string; readonly target: string; readonly file: string | null };

/** The top-level entries of a kind, by name. */
export function entriesIn(config: ComposeConfig, kind: GrantKind): { readonly [key: string]: JsonObject } {
  return (config[kind] ?? {}) as { readonly [key: string]: JsonObject };
}

/** A service's grants. Their default places: Compose specification, 05-services.md, `configs` and `secrets`. */
export function grantsIn(config: ComposeConfig, service: JsonObject, kind: GrantKind): readonly GrantedEntry[] {
  const all = (service[kind] ?? []) as readonly { readonly source: string; readonly target?: string }[];
  return all.map(({ source, target = source }) => {
    const file = entriesIn(config, kind)[source]?.["file"];
    const inFolder = kind === "secrets" ? "/run/secrets" : "";
    return {
      source,
      target: target.startsWith("/") ? target : `${inFolder}/${target}`,
      file: typeof file === "string" ? file : null,
    };
  });
}
