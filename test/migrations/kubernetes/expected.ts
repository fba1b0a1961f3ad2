import { random } from "../../support/canary.ts";

/** A marked value: its variable, and the Secret and key that it moves to; neither for one that stays. */
const MARK = /@(\w+)(?:>([\w.-]+)(?:\/([\w.-]+))?|!)@/g;

export type Filled = {
  /** With values in place of the marks. */
  readonly before: string;
  /** As it has to be once they moved, made of the marks by nothing that unsprawl has. */
  readonly after: string;
  /** The values, those that stay too. */
  readonly moved: readonly string[];
  readonly stays: readonly string[];
};

/** Fills in a manifest; `values` keeps what a name got, so that a name that comes twice is one value. */
export function fill(manifest: string): Filled {
  const values = new Map<string, string>();
  const value = (name: string): string => {
    const known = values.get(name) ?? `x${random(18)}7`;
    values.set(name, known);
    return known;
  };
  const [moved, stays] = [new Set<string>(), new Set<string>()];
  for (const [, name = "", secret] of manifest.matchAll(MARK)) (secret ? moved : stays).add(value(name));
  const before = manifest.replace(MARK, (_, name: string) => value(name));
  const after = manifest
    .split("\n")
    .map((line) => movedLine(line).replace(MARK, (_, name: string) => value(name)))
    .join("\n");
  return { before, after, moved: [...moved], stays: [...stays] };
}

function movedLine(line: string): string {
  const variable = /name: "?(\w+)/.exec(line)?.[1];
  const block = /^( *)(- +)?value: (["']?)@(\w+)>([\w.-]+)(?:\/([\w.-]+))?@\3(.*?)(\r?)$/.exec(line);
  if (block) {
    const [, indent = "", dash = "", , name = "", secret = "", key = name, rest = "", cr = ""] = block;
    const deep = `${cr}\n${indent}${" ".repeat(dash.length)}`;
    return `${indent}${dash}valueFrom:${deep}  secretKeyRef:${deep}    name: ${secret}${deep}    key: ${key}${rest}${cr}`;
  }
  return line
    .replace(
      /"value": "@(\w+)>([\w.-]+)@"/g,
      (_, name: string, secret: string) => `"valueFrom": {"secretKeyRef": {"name": "${secret}", "key": "${name}"}}`,
    )
    .replace(
      /value: (["'])@(\w+)>([\w.-]+)@\1/g,
      (_, _quote, name: string, secret: string) =>
        `valueFrom: {secretKeyRef: {name: ${secret}, key: ${variable === undefined ? "" : name}}}`,
    );
}
