import { lineOfLocation } from "../../src/files/file-migration.ts";
import { isOwnDropIn } from "../../src/files/units/drop-ins.ts";
import { effectiveAssignments, readUnit } from "../../src/files/units/unit-environment.ts";
import { wordsOf } from "../../src/files/units/unit-file.ts";
import type { Assignment, SystemdUnit } from "../../src/files/units/unit-model.ts";
import type { Location } from "../../src/model/location.ts";

/** A place in a file of variables. */
export type EntryPlace = { readonly file: string; readonly line: number; readonly name: string };

/**
 * A variable of [Service], from a file, that systemd fills into settings of the container: `Environment=PW=${DB_PASSWORD}`.
 */
export type ServiceVariable = {
  readonly one: Assignment;
  /** The container's variables that are this one and nothing else. */
  readonly users: readonly Assignment[];
  /** A setting that contains it in another way, as it is written; null if no setting does. */
  readonly other: string | null;
};

/** Null if no entry of a file gives it to the service at that place, or a later one does. */
export function filledFrom(unit: SystemdUnit, place: EntryPlace): ServiceVariable | null {
  const one = unit.ofService.findLast(({ name }) => name === place.name);
  if (one === undefined || one.by.kind !== "entry" || one.file !== place.file || one.line !== place.line) return null;
  const isUser = ({ file, by, value }: Assignment): boolean =>
    by.kind === "word" && value === `\${${place.name}}` && (file === unit.file || isOwnDropIn(unit.file, file));
  const users = [...effectiveAssignments(unit)].filter(isUser);
  const words = new Set(users.map(({ file, by }) => `${file}\0${by.kind === "word" ? by.word.start : ""}`));
  const others = unit.texts.flatMap(({ file, settings }) =>
    settings.flatMap((setting) => {
      const { section, key, value } = setting;
      if (section === "Service" && key.startsWith("Environment")) return [];
      if (section !== "Container" || key !== "Environment") return names(value, place.name) ? [`${key}=${value}`] : [];
      return wordsOf(setting)
        .filter(({ start, text }) => !words.has(`${file}\0${start}`) && names(text.replace(/^\w+=/, ""), place.name))
        .map(({ text }) => `${key}=${text}`);
    }),
  );
  return { one, users, other: others[0] ?? null };
}

/** Filled in, or passed on by its name alone as `--env NAME` does. */
const names = (text: string, name: string): boolean => new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text);

/** What the service of a Quadlet container gets at a location; null if it gets nothing there. */
export async function serviceAssignmentOf(location: Location): Promise<Assignment | null> {
  const place = lineOfLocation(location);
  return filledFrom(await readUnit(location.subjectId), place)?.one ?? null;
}
