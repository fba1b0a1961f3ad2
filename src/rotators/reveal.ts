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

/** The evidence as `verify` reads it; null if the secret is not text. */
export function heldText({ name, part, value, variables }: RotationEvidence): {
  readonly name: string;
  readonly part: string;
  readonly value: string;
  readonly beside: (names: RegExp) => string | null;
} | null {
  if (!isUtf8(part.expose()) || !isUtf8(value.expose())) return null;
  return {
    ...{ name, part: part.exposeText(), value: value.exposeText() },
    beside: (names) => variables.find((one) => names.test(one.name))?.value.exposeText() ?? null,
  };
}
