import { lineOfLocation } from "../../src/files/file-migration.ts";
import { isOwnDropIn } from "../../src/files/units/drop-ins.ts";
import { effectiveAssignments, readUnit } from "../../src/files/units/unit-environment.ts";
import { wordsOf } from "../../src/files/units/unit-file.ts";
import type { Assignment, SystemdUnit } from "../../src/files/units/unit-model.ts";
import type { Location } from "../../src/model/location.ts";

/** A place in a file of variables. */
export type EntryPlace = { readonly file: string; readonly line: number; readonly name: string };

/**
 * A variable of the service, from a file, that systemd fills into settings of the container: `Environment=PW=${DB_PASSWORD}`.
 */
export type ServiceVariable = {
  readonly one: Assignment;
  /** The container's variables that are this one and nothing else. */
  readonly users: readonly Assignment[];
  /** The container's variables that contain it: each moves as a whole, by itself. */
  readonly composed: readonly Assignment[];
  /** A setting that contains it in another way, as it is written; null if no setting does. */
  readonly other: string | null;
};

/** Null if no entry of a file gives it to the service at that place, or a later one does. */
export function filledFrom(unit: SystemdUnit, place: EntryPlace): ServiceVariable | null {
  const one = unit.service.findLast(({ name }) => name === place.name);
  if (one === undefined || one.by.kind !== "entry" || !isAt(one, place)) return null;
  const own = [...effectiveAssignments(unit)].filter(
    ({ file, by }) => by.kind === "word" && (file === unit.file || isOwnDropIn(unit.file, file)),
  );
  const users = own.filter(({ value, fault }) => fault !== null && value === `\${${place.name}}`);
  const composed = own.filter(({ filledFrom: from }) => from?.includes(one) === true);
  const words = new Set([...users, ...composed].map(({ file, by }) => wordKey(file, by)));
  const others = unit.texts.flatMap(({ file, settings }) =>
    settings.flatMap((setting) => {
      const { section, key, value } = setting;
      if (section === "Service" && key.startsWith("Environment")) return [];
      if (section !== "Container" || key !== "Environment")
        return passesOn(key, value, place.name) ? [`${key}=${value}`] : [];
      return wordsOf(setting)
        .filter((word) => !words.has(wordKey(file, { kind: "word", word })))
        .filter(({ text }) => names(text.replace(/^\w+=/, ""), place.name))
        .map(({ text }) => `${key}=${text}`);
    }),
  );
  return { one, users, composed, other: others[0] ?? null };
}

export const isAt = (one: EntryPlace, { file, line, name }: EntryPlace): boolean =>
  one.file === file && one.line === line && one.name === name;

type WordOf = { readonly kind: string; readonly word?: { readonly start: number } };

const wordKey = (file: string, { word }: WordOf): string => `${file}\0${word?.start ?? ""}`;

/** Whether a setting hands a variable of the service on: filled in, by its name alone, or with all others. */
function passesOn(key: string, value: string, name: string): boolean {
  if (key === "EnvironmentHost") return !/^(?:0|no|n|false|f|off)?$/i.test(value);
  if (key.endsWith("Args") || key.startsWith("Exec")) return names(value, name);
  return new RegExp(`\\$\\{?${name}(?!\\w)`).test(value.replaceAll("$$", ""));
}

/** Filled in, or passed on by its name alone as `--env NAME` does. */
const names = (text: string, name: string): boolean => new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text);

/** What the service of a Quadlet container gets at a location; null if it gets nothing there. */
export async function serviceAssignmentOf(location: Location): Promise<Assignment | null> {
  const place = lineOfLocation(location);
  return filledFrom(await readUnit(location.subjectId), place)?.one ?? null;
}
