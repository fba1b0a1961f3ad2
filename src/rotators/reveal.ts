import { isUtf8 } from "node:buffer";
import type { RotationEvidence } from "../contract/rotator.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Secret } from "../model/secret.ts";

/** The secret as text, for the server that checks it. Throws `refused` for bytes that are no text. */
export function textOf(secret: Secret): string {
  const bytes = secret.expose();
  if (!isUtf8(bytes)) throw new UnsprawlError("refused", "the value is not text, so no server was given it");
  return bytes.toString("utf8");
}

/** The variable next to the secret whose name matches. */
export function textBeside(
  { variables }: RotationEvidence,
  names: RegExp,
): { readonly name: string; readonly text: string } | null {
  const found = variables.find(({ name }) => names.test(name));
  return found === undefined ? null : { name: found.name, text: found.value.exposeText().trim() };
}

/** The evidence as `verify` reads it; null if the secret is not text. */
export function heldText(evidence: RotationEvidence): {
  readonly name: string;
  readonly part: string;
  readonly value: string;
  readonly beside: (names: RegExp) => string | null;
} | null {
  const { name, part, value } = evidence;
  if (!isUtf8(part.expose()) || !isUtf8(value.expose())) return null;
  return {
    ...{ name, part: part.exposeText(), value: value.exposeText() },
    beside: (names) => textBeside(evidence, names)?.text ?? null,
  };
}
