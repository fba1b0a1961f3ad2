import { relative } from "node:path";
import { cmd } from "../../../src/kit/shell.ts";
import { scalar } from "../../../src/kit/text/yaml-edit.ts";
import { entry, isAlias, scalarText, type YamlEntry, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { Blocked } from "./blocked.ts";
import type { ProjectDraft } from "./draft.ts";

type Versioned = { readonly file: YamlFile; readonly found: YamlEntry | null; readonly version: string | null };

/**
 * Raises the version of a stack's files to 3.7: below it, `docker stack deploy` takes no `x-` key beside a secret. Plain
 * `3`, and none, are the newest to it. Returns notes for people. Throws `Blocked` where the files' versions differ,
 * which it refuses, and where a version is not written out.
 */
export function raiseVersions(draft: ProjectDraft, { dir, given, yaml }: ComposeProject): string[] {
  const all = given.flatMap((name) => yaml.get(name) ?? []).map(versioned);
  const old = all.find(({ version }) => version !== null && /^3\.[0-6]$/.test(version));
  if (old === undefined) return [];
  const other = all.find(({ version }) => version !== old.version);
  if (other !== undefined)
    throw whole(
      cmd`docker stack deploy needs files of one version: ${old.file.file} has ${old.version ?? ""}, ${other.file.file} has ${other.version ?? "none"}`,
      cmd`write version: "3.7" in ${old.file.file} and ${other.file.file}, then plan again`,
    );
  for (const { file, found } of all) raise(draft, file, found);
  const names = all.map(({ file }) => relative(dir, file.file) || file.file);
  return [
    `version ${old.version} of ${names.join(", ")} becomes 3.7: below it, docker stack deploy accepts no reference beside a secret`,
  ];
}

function versioned(file: YamlFile): Versioned {
  const found = file.root && entry(file.root, "version", file);
  return { file, found, version: scalarText(found?.value ?? null) };
}

function raise(draft: ProjectDraft, file: YamlFile, found: YamlEntry | null): void {
  const [start, value] = [found?.pair.key.range?.[0], found?.value?.range];
  if (found === null || found.shared || isAlias(found.pair.value) || start === undefined || !value)
    throw whole(
      cmd`docker stack deploy accepts no reference beside a secret in ${file.file}, whose version is below 3.7`,
      cmd`write version: "3.7" in ${file.file}, then plan again`,
    );
  const text = file.text.slice(start, value[0]) + scalar("3.7", found.value);
  draft.put(file, found.owner, found.pair, text, file.text.slice(start, value[1]));
}

const whole = (reason: string, hint: string): Blocked => new Blocked(reason, hint, () => true);
