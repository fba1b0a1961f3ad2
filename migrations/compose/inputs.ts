import type { ComposeCli } from "./engine/cli.ts";
import type { ComposeProject } from "./syntax/project.ts";
import { textsOf } from "./rewrite/index.ts";
import { bytesIfThere, type Rewrite } from "../../src/files/rewritten.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { keyedDigest, type FingerprintKey } from "../../src/model/fingerprint.ts";
import { projectCall } from "./find.ts";
import { targetOf } from "./steps.ts";

/** Keyed digests of every file that a project consists of: Compose files, includes, bases, env files. */
export function inputsOf(project: ComposeProject, key: FingerprintKey): { [file: string]: string } {
  return Object.fromEntries([...textsOf(project)].map(([file, text]) => [file, keyedDigest(text, key)]));
}

/**
 * Throws `changed` unless the project's files are those that the plan recorded, with the same content; with
 * `rewritten`, with the content after the plan's rewrite.
 */
export function sameInputs(step: Rewrite, project: ComposeProject, key: FingerprintKey, rewritten: boolean): void {
  const { inputs, profiles } = targetOf(step);
  const expected = new Map(Object.entries(inputs));
  const now = inputsOf(project, key);
  for (const { file, before, after } of rewritten ? step.files : []) {
    expected.set(file, after);
    if (before === null) now[file] = keyedDigest(bytesIfThere(file)?.toString("utf8") ?? "", key);
  }
  for (const file of new Set([...expected.keys(), ...Object.keys(now)]))
    if (expected.get(file) !== now[file]) throw changed(`${file} has changed since the plan was made`);
  const known = projectCall(project).profiles;
  if (!profiles.every((profile) => known.includes(profile)))
    throw changed("the plan has different profiles than its files");
}

/** Throws `changed` unless Compose resolves the project to the same configuration as at planning time. */
export async function sameConfig(step: Rewrite, cli: ComposeCli, key: FingerprintKey): Promise<void> {
  const target = targetOf(step);
  if (keyedDigest(JSON.stringify(await cli.config(target)), key) !== target.config)
    throw changed(`Compose reads ${target.files.join(", ")} differently than when the plan was made`);
}

function changed(message: string): UnsprawlError {
  return new UnsprawlError("changed", message, "unsprawl plan again");
}
