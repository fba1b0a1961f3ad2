import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { cmd } from "../../kit/shell.ts";
import { subjectFault, UnsprawlError } from "../../model/error.ts";
import { parseDotenv } from "../dotenv.ts";
import { readText } from "../read.ts";
import { withSpecifiers } from "./specifiers.ts";
import { parseSystemdEnv } from "./systemd-env.ts";
import { wordsOf, type UnitSetting } from "./unit-file.ts";
import { isQuadlet } from "./unit-kinds.ts";
import type { Assignment, SystemdUnit, UnitFault, UnitText } from "./unit-model.ts";

/** A file that `EnvironmentFile=` names. */
export type NamedEnvFile = {
  readonly file: string;
  readonly optional: boolean;
  /** The unit file or drop-in that names it. */
  readonly namedBy: UnitText;
  readonly setting: UnitSetting;
};

type UnitOfFiles = Pick<SystemdUnit, "name" | "file" | "texts">;

/** The files of variables that a section names, the last of which counts; and those whose path cannot be known. */
export function namedEnvFiles(
  unit: UnitOfFiles,
  section: string,
): { readonly files: readonly NamedEnvFile[]; readonly errors: readonly UnitFault[] } {
  const files = new Map<string, NamedEnvFile>();
  let errors: UnitFault[] = [];
  const byPodman = isQuadlet(unit.name) && section === "Container";
  const service = serviceName(unit);
  for (const namedBy of unit.texts) {
    for (const setting of namedBy.settings) {
      if (setting.section !== section || setting.key !== "EnvironmentFile") continue;
      if (setting.value === "") {
        files.clear();
        errors = [];
      }
      for (const written of byPodman ? wordsOf(setting).map(({ text }) => text) : oneFile(setting)) {
        const optional = !byPodman && written.startsWith("-");
        const path = optional ? written.slice(1) : written;
        const file = pathOf(unit.file, service, path, byPodman ? null : dirname(namedBy.file));
        if (file === null) errors.push(unknownPath(unit.name, path));
        else {
          // The last one counts, also for the order.
          files.delete(file);
          files.set(file, { file, optional, namedBy, setting });
        }
      }
    }
  }
  return { files: [...files.values()], errors };
}

/** systemd takes the whole value for one path. */
const oneFile = ({ value }: UnitSetting): string[] =>
  value === "" ? [] : [value.replaceAll(/^(-?)["']|["']$/g, "$1")];

/**
 * Null if only systemd can fill it in. Podman takes a pattern for the name of a file, systemd looks for it. `folder` is null
 * for podman.
 */
function pathOf(unit: string, service: string | null, path: string, folder: string | null): string | null {
  if (folder !== null && /[*?[]/.test(path)) return null;
  const filled = withSpecifiers(path, unit, service);
  return filled === null ? null : resolve(folder ?? dirname(unit), filled);
}

/** The service that a Quadlet file becomes, without its suffix; null for a unit of systemd. */
export function serviceName({ name, texts }: Pick<SystemdUnit, "name" | "texts">): string | null {
  if (!isQuadlet(name)) return null;
  const said = texts
    .flatMap(({ settings }) => settings)
    .findLast(({ section, key }) => section === "Container" && key === "ServiceName");
  return said?.value || name.replace(/\.container$/, "");
}

function unknownPath(unit: string, path: string): UnitFault {
  return {
    subject: `${unit} ${path}`,
    message: "is a pattern, or depends on who runs the unit or on its instance",
    hint: "scan the unit where it is installed, such as systemd:~/.config/containers/systemd; or unsprawl scan env:FILE",
  };
}

/** What these files set, and what of them could not be read. */
export async function readEnvFiles(
  unit: string,
  files: readonly NamedEnvFile[],
): Promise<{ readonly entries: readonly Assignment[]; readonly errors: readonly UnitFault[] }> {
  const entries: Assignment[] = [];
  const errors: UnitFault[] = [];
  for (const named of files) {
    try {
      mustBeNamers(named);
      entries.push(...(await ofEnvFile(named.file, isQuadlet(unit))));
    } catch (error) {
      const { code, message, hint } = subjectFault(error);
      if (named.optional && code === "absent") continue;
      errors.push({
        subject: `${unit} ${named.file}`,
        message,
        hint: hint ?? cmd`ls -l ${named.file}`,
      });
    }
  }
  return { entries, errors };
}

/** A unit of another user must not choose which files are read and rewritten: they have to be that user's. */
function mustBeNamers({ file, namedBy }: NamedEnvFile): void {
  const namer = statSync(namedBy.file, { throwIfNoEntry: false })?.uid;
  const owner = statSync(file, { throwIfNoEntry: false })?.uid;
  if (namer === undefined || owner === undefined || owner === namer) return;
  if (namer === 0 || namer === process.getuid?.()) return;
  throw new UnsprawlError(
    "refused",
    `${file} belongs to user ${owner}, and ${namedBy.file} to user ${namer}`,
    cmd`unsprawl scan env:${file}`,
  );
}

/** Podman reads such a file as docker does. */
async function ofEnvFile(file: string, podman: boolean): Promise<Assignment[]> {
  const text = await readText(file);
  const entries = podman ? parseDotenv(text, "docker", () => null) : parseSystemdEnv(text);
  return entries.flatMap((entry): Assignment[] => {
    const { name, value, line } = entry;
    return value === null ? [] : [{ file, text, line, name, value, fault: null, by: { kind: "entry", entry } }];
  });
}
