/**
 * `platform-file`: files in which people describe to a platform what it starts (ECS, Terraform, CI pipelines, app stores
 * …). `dir:` comes by them. One reader serves them all: a platform is data, which says where its files keep variables and
 * how the platform itself takes in a secret.
 */
import { basename, dirname, relative } from "node:path";
import type { Migration } from "../../src/contract/migration.ts";
import { fileMigration, type FileTools } from "../../src/files/file-migration.ts";
import { readText } from "../../src/files/read.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Location } from "../../src/model/location.ts";
import { describedIn, type Description } from "./recognise.ts";
import { otherFile } from "./other-file.ts";
import type { PlatformVariable } from "./syntax/walk.ts";

/** Names of files are shown relative to `cwd`. */
export type PlatformFileTools = FileTools & { readonly cwd: string };

export function platformFileMigration(tools: PlatformFileTools): Migration {
  const shown = (file: string): string => {
    const name = relative(tools.cwd, file);
    return name.startsWith("..") ? file : name;
  };
  return fileMigration(tools, {
    name: "platform-file",
    async unit({ location: { source, subjectId } }) {
      return source.startsWith("dir:") ? { id: subjectId, name: `dir:${shown(subjectId)}` } : null;
    },
    async refuses({ name, location }) {
      const file = location.subjectId;
      const text = await readText(file);
      const found = await variableAt(name, location, text);
      if (found === null) return otherFile(shown(file), text);
      return found.described.platform.stays(found.variable, shown(file));
    },
    async names({ location: { subjectId } }) {
      const project = basename(dirname(subjectId)) || "files";
      return { subject: project, project };
    },
    async value({ name, location }) {
      return (await variableAt(name, location, await readText(location.subjectId)))?.variable.value ?? null;
    },
    async target(unit) {
      return { file: unit };
    },
    async rewrite() {
      throw new UnsprawlError("refused", "not yet", null);
    },
  });
}

async function variableAt(
  name: string,
  { subjectId, place }: Location,
  text: string,
): Promise<{ readonly described: Description; readonly variable: PlatformVariable } | null> {
  if (place?.kind !== "text" || place.of === undefined) return null;
  const described = await describedIn(subjectId, text);
  const variable = described?.variables.find(
    (one) => one.name === name && one.of === place.of && lineOf(text, one.start) === place.line,
  );
  return described === null || variable === undefined ? null : { described, variable };
}
