import { atLeast, type Verdict } from "../../src/model/finding.ts";
import type { Where } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { detector, type Example } from "../../src/detect/index.ts";

/** The verdict on `NAME=value` in a container's environment, or in another place. */
export function ask(name: string, value: string, where: Where = "env"): Verdict {
  return detector.classify({ name, where, value: Secret.of(value) });
}

export function masked(name: string, value: string, where: Where = "env"): string {
  return detector.mask({ name, where, value: Secret.of(value) });
}

/** What a person would be told: secret at medium confidence or more. */
export function alarms(name: string, value: string, where: Where = "env"): boolean {
  const verdict = ask(name, value, where);
  return verdict.secret && atLeast(verdict.confidence, "medium");
}

export function askExample(example: Example): Verdict {
  if (typeof example === "string") return ask("THING", example);
  return ask(example.name ?? "THING", example.value, example.where ?? "env");
}

/** A URL with a login, put together here so that no such URL stands in the source. */
export function urlOf(scheme: string, user: string, password: string, rest: string): string {
  return [scheme, "://", user, ":", password, "@", rest].join("");
}
