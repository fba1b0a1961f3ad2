import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { StoreKey } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";

/**
 * The field of a value that is a YAML or JSON document, as in `#/db/password` of vals; the value itself for a key without
 * one. Null if the document has no such field. Throws `malformed` for what is not a document with fields.
 */
export async function fieldOf(value: Secret, { path, field }: StoreKey): Promise<Secret | null> {
  if (field === "") return value;
  const { parse } = await import("yaml");
  let found: unknown;
  try {
    found = parse(value.exposeText(), { logLevel: "silent" });
  } catch {
    // Its message quotes the document.
  }
  if (!isMap(found))
    throw new UnsprawlError("malformed", `${path} has no fields`, cmd`leave ${`#/${field}`} out of the reference`);
  for (const name of field.split("/")) found = isMap(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  if (found === undefined || found === null) return null;
  return Secret.of(typeof found === "string" ? found : JSON.stringify(found));
}

function isMap(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
