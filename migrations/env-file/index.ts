/**
 * `env-file`: each secret in an env file is replaced by its reference. The file stays an env file for programs that
 * resolve references: `unsprawl run`, the OCI runtime, vals.
 */
import { basename, dirname } from "node:path";
import type { Migration } from "../../src/contract/migration.ts";
import type { SubjectNames } from "../../src/contract/provider.ts";
import { laterEntry, readEnvFile } from "../../src/files/env-file.ts";
import { fileMigration, lineOfLocation, type FileTools } from "../../src/files/file-migration.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Location } from "../../src/model/location.ts";
import type { DotenvEntry } from "../../src/files/dotenv.ts";
import { rewriteEnvFile } from "./rewrite.ts";
import type { Refusal } from "../../src/model/plan.ts";

export function envFileMigration(tools: FileTools): Migration {
  return fileMigration(tools, {
    name: "env-file",
    async unit({ location: { source, subjectId } }) {
      return source.startsWith("env:") ? { id: subjectId, name: subjectId } : null;
    },
    refuses: async (finding) => refusal(finding),
    names: async ({ location: { subjectId } }) => namesOf(subjectId),
    async value({ location }) {
      return (await entryAt(location))?.entry.value ?? null;
    },
    async target(unit, _selected, { deliver }) {
      if (deliver !== "auto" && deliver !== "runtime")
        throw new UnsprawlError("refused", "an env file can only hold references", "--deliver runtime");
      return { file: unit };
    },
    rewrite: async ({ file }, moving) => rewriteEnvFile(await readEnvFile(file as string), moving),
  });
}

async function entryAt(
  location: Location,
): Promise<{ readonly entry: DotenvEntry; readonly entries: readonly DotenvEntry[] } | null> {
  const place = lineOfLocation(location);
  const { entries } = await readEnvFile(place.file);
  const entry = entries.find(({ name, line }) => name === place.name && line === place.line);
  return entry === undefined ? null : { entry, entries };
}

async function refusal({ location }: Finding): Promise<Refusal | null> {
  const found = await entryAt(location);
  if (found === null) return { reason: "is no longer there", hint: "unsprawl scan again" };
  const { entry, entries } = found;
  const over = laterEntry(entries, entry);
  if (over !== null)
    return {
      elsewhere: true,
      reason: `has no effect: line ${over.line} sets ${entry.name} again`,
      hint: cmd`remove line ${entry.line}, and rotate it if it is still valid`,
    };
  const open = entry.uses.find(
    (use) => !entries.some(({ name, value, start }) => name === use && value !== null && start < entry.start),
  );
  if (open !== undefined)
    return {
      reason: `its value depends on ${open}, which the file does not set`,
      hint: cmd`set ${open} in a line before it, then plan again`,
    };
  return null;
}

/** `api.env` belongs to api; `.env` and `.env.production` to their folder. */
function namesOf(file: string): SubjectNames {
  const folder = basename(dirname(file)) || "env";
  const parts = basename(file)
    .split(".")
    .filter((part) => part !== "" && part !== "env");
  const own = basename(file).startsWith(".") ? [folder, ...parts] : parts;
  return { subject: own.join("-") || folder, project: folder, standIn: true };
}
