import type { JsonObject } from "../kit/json-object.ts";
import { cmd } from "../kit/shell.ts";
import { isExactMap, parseExact, stringifyExact } from "../kit/text/exact-json.ts";
import { entry, isScalar, parseYamlDocuments } from "../kit/text/yaml-nodes.ts";
import { UnsprawlError } from "../model/error.ts";
import type { StoreKey } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";

/**
 * The field of a value that is a JSON or YAML document, as in `#/db/password` of vals; the value itself for a key without
 * one. Numbers and the like are the text that the document has: `007`, `1.10`. Null if the document has no such field.
 * Throws `malformed` for what is not a document with fields, and for a field of YAML that has fields or items itself.
 */
export async function fieldOf(value: Secret, { path, field }: StoreKey): Promise<Secret | null> {
  if (field === "") return value;
  const text = value.exposeText();
  const fields = jsonFields(text);
  const found = fields === null ? await yamlField(text, path, field) : memberText(fields, field);
  return found === null ? null : Secret.of(found);
}

/** The members of a JSON object, with its numbers as they are written; null for any other text. */
export function jsonFields(text: string): JsonObject | null {
  try {
    const parsed = parseExact(text);
    return isExactMap(parsed) ? parsed : null;
  } catch {
    // Its message quotes the text.
    return null;
  }
}

/** The text of `db/password` in `{"db":{"password":…}}`, and JSON for anything but text; null if it is absent or null. */
export function memberText(fields: JsonObject, field: string): string | null {
  let found: unknown = fields;
  for (const name of field.split("/"))
    found = isExactMap(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  if (found === undefined || found === null) return null;
  return typeof found === "string" ? found : stringifyExact(found);
}

async function yamlField(text: string, path: string, field: string): Promise<string | null> {
  const hint = cmd`leave ${`#/${field}`} out of the reference`;
  const [file, ...more] = await parseYamlDocuments(path, text, hint);
  if (file === undefined || file.root === null || more.length > 0)
    throw new UnsprawlError("malformed", `${path} has no fields`, hint);
  const names = field.split("/");
  const found = names.reduce<unknown>((at, name) => entry(at, name, file)?.value ?? null, file.root);
  if (found === null) return null;
  if (!isScalar(found))
    throw new UnsprawlError("malformed", `${path} has more than a value at ${field}`, "name one of its fields");
  return found.type === "PLAIN" && /^(|~|null|Null|NULL)$/.test(found.value ?? "") ? null : (found.value ?? "");
}
