import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { UnsprawlError } from "../../../src/model/error.ts";
import { loadOwnRules, type OwnRules } from "../../../src/detect/own/index.ts";

/** Rules of unsprawl.yaml. */
export function own(...rules: readonly object[]): Promise<OwnRules> {
  return loadOwnRules({ own: rules, files: [], dir: ".", configFile: "/etc/team/unsprawl.yaml" });
}

/** The rules of `team.toml`, which may extend the other files; its `own` rules stand in unsprawl.yaml. */
export function toml(
  text: string,
  others: { readonly [file: string]: string } = {},
  own?: readonly object[],
): Promise<OwnRules> {
  return filesOf({ "team.toml": text, ...others }, own);
}

/** The rules of the first of these files. */
export async function filesOf(files: { readonly [file: string]: string }, own?: readonly object[]): Promise<OwnRules> {
  const dir = mkdtempSync(join(tmpdir(), "own-"));
  try {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), content);
    }
    const [first = ""] = Object.keys(files);
    return await loadOwnRules({ own, files: [first], dir, configFile: join(dir, "unsprawl.yaml") });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The secret parts that are found, each with its rule. */
export function found(rules: OwnRules, name: string, text: string, path = ""): string[] {
  return rules
    .find({ name, text, path })
    .flatMap((hit) => (hit.kind === "secret" ? [`${hit.rule.id} ${text.slice(hit.start, hit.end)}`] : []));
}

/** What let matches go. */
export function allowed(rules: OwnRules, name: string, text: string, path = ""): string[] {
  return rules.find({ name, text, path }).flatMap((hit) => (hit.kind === "allowed" ? [hit.by] : []));
}

/** The message and the hint with which loading fails. */
export async function refusal(loading: Promise<OwnRules>): Promise<string> {
  const error = await loading.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UnsprawlError) || error.code !== "config") throw new Error("was not refused as config");
  return `${error.message} | ${error.hint}`;
}
