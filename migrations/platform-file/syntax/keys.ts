import type { EnvironmentPattern } from "./walk.ts";

/** What follows a key in YAML, JSON, TOML and HCL: `env:`, `"env" :`, `[config.env]`, `config.env =`, `env {`, `env = {`. */
const BEHIND_KEY = /["']?\s{0,200}[:=.{[\]"']/y;

/**
 * Whether a text has the keys on the way to one of these environments. Most files of a platform have none, and a parser takes
 * far longer than this.
 */
export function mayHoldVariables(text: string, environments: readonly EnvironmentPattern[]): boolean {
  const known = new Map<string, boolean>();
  const isIn = (key: string): boolean => {
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = hasKey(text, key)));
    return found;
  };
  return environments.some(({ at, form }) => {
    const keys = typeof form === "object" && "name" in form ? [form.name, form.value] : [];
    return [...at.split("/"), ...keys].every((key) => isIn(key.replace(/^\*+/, "")));
  });
}

function hasKey(text: string, key: string): boolean {
  if (key === "") return true;
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    BEHIND_KEY.lastIndex = at + key.length;
    if (BEHIND_KEY.test(text)) return true;
  }
  return false;
}
