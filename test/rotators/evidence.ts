import type { RotationEvidence } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";

/** A secret in a variable, with the variables beside it; `part` where the variable holds more than the secret. */
export function evidenceOf(
  name: string,
  value: string,
  beside: { readonly [name: string]: string } = {},
  part = value,
): RotationEvidence {
  const variables = Object.entries({ ...beside, [name]: value });
  return {
    ...{ name, part: Secret.of(part), value: Secret.of(value) },
    variables: variables.map(([name, text]) => ({ name, value: Secret.of(text) })),
  };
}
