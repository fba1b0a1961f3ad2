import { UnsprawlError } from "../../model/error.ts";
import type { Secret } from "../../model/secret.ts";
import { cmd } from "../../kit/shell.ts";
import { printable } from "../../kit/text/escape.ts";
import type { ReferenceBinding } from "../../model/binding.ts";
import { isBound } from "./bindings.ts";
import { isOfPods } from "./consumer.ts";

/** A variable that holds a reference instead of its value. */
export type VariableReference = { readonly variable: string; readonly reference: string };

/** A reference with its value. */
export type ResolvedReference = VariableReference & { readonly value: Secret };

/** The `NAME=ref+…` entries, with any scheme: an unknown scheme is a reference too, not a value. */
export function referencesIn(env: readonly string[]): readonly VariableReference[] {
  return env.flatMap((entry) => referenceOf(entry) ?? []);
}

function referenceOf(entry: string): VariableReference | null {
  const at = entry.indexOf("=");
  const reference = entry.slice(at + 1);
  return at >= 0 && reference.startsWith("ref+") ? { variable: entry.slice(0, at), reference } : null;
}

/**
 * Throws `refused` for a reference not bound to one of these consumers in this very variable. `ofImage` has the image's
 * environment entries among its strings; null if unknown.
 */
export function mustBeAllowed(
  wanted: readonly VariableReference[],
  bindings: readonly ReferenceBinding[],
  consumers: readonly string[],
  ofImage: ReadonlySet<string> | null,
): void {
  for (const { variable, reference } of wanted) {
    if (isBound(bindings, consumers, variable, reference)) continue;
    const [who = "CONSUMER"] = consumers;
    throw new UnsprawlError(
      "refused",
      `${printable(variable)} names ${printable(reference)}, which ${who} may not use`,
      adviceOn({ variable, reference }, who, ofImage),
    );
  }
}

/** Suggests a binding only if the reference is not from the image: there, the image's author chose it. */
function adviceOn(
  { variable, reference }: VariableReference,
  who: string,
  ofImage: ReadonlySet<string> | null,
): string {
  const entry = `${variable}=${reference}`;
  if (isOfPods(who)) return `if the pod names it, and not its image: ${allowCommand(who, variable, reference)}`;
  if (ofImage !== null && !ofImage.has(entry)) return allowCommand(who, variable, reference);
  return [ofImage === null ? "if its image brings it" : "its image brings it", avoidReferenceHint(variable)].join(": ");
}

/** What to do about a reference that comes from an image. */
export function avoidReferenceHint(variable: string): string {
  return `build the image without ${printable(variable)}, or run it with another value for it`;
}

/** The command that allows a consumer to use the reference. */
export function allowCommand(consumer: string, variable: string, reference: string): string {
  return cmd`unsprawl runtime allow ${consumer} ${variable} ${reference}`;
}

/**
 * The entries with references replaced by values. Throws `refused` for a reference that was not resolved for that
 * variable.
 */
export function resolvedEnvironment(env: readonly string[], given: readonly ResolvedReference[]): string[] {
  return env.map((entry) => {
    const wanted = referenceOf(entry);
    if (wanted === null) return entry;
    const found = given.find((one) => one.variable === wanted.variable && one.reference === wanted.reference);
    if (found) return `${wanted.variable}=${found.value.expose().toString("utf8")}`;
    throw new UnsprawlError(
      "refused",
      `${printable(wanted.variable)} names ${printable(wanted.reference)}, which the container did not have when it was started`,
      "exec can use only references that the container was started with: omit the variable, or restart the container",
    );
  });
}
