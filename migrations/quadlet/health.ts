import { isOwnDropIn } from "../../src/files/units/drop-ins.ts";
import { effectiveAssignments } from "../../src/files/units/unit-environment.ts";
import type { UnitSetting } from "../../src/files/units/unit-file.ts";
import type { Assignment, SystemdUnit, UnitText } from "../../src/files/units/unit-model.ts";
import { withoutLiterals } from "../../src/files/words/literal-places.ts";
import { expandedText } from "../../src/files/words/shell-text.ts";

/** `HealthCmd=` with variables of the container in the place of their values: its shell has them. */
export type HealthCommand = {
  readonly by: UnitText;
  readonly setting: UnitSetting;
  readonly value: string;
  /** The variables whose values stood there. */
  readonly names: readonly string[];
};

/** Null if none of these values stands in it, or if it is not sure that a shell reads them there. */
export function healthFilledFrom(unit: SystemdUnit, variables: readonly Assignment[]): HealthCommand | null {
  const found = unit.texts
    .flatMap((by) => by.settings.map((setting) => ({ by, setting })))
    .findLast(({ setting: { section, key } }) => section === "Container" && key === "HealthCmd");
  if (found === undefined || !isOwn(unit, found.by) || !isShellText(found.setting)) return null;
  const said = found.setting.value.replaceAll(/([$%])\1/g, "$1");
  const known = variables.filter(({ name, value }) => /^[A-Za-z_]\w*$/.test(name) && value !== "");
  const [word = []] = withoutLiterals(
    [[said]],
    known.map(({ name, value }) => ({ name, value, isOfWords: true })),
  );
  const names = word.flatMap((part) => (typeof part === "object" && "name" in part ? [part.name] : []));
  const made = names.length === 0 ? null : expandedText(word);
  return made === null ? null : { ...found, value: made.replaceAll(/[$%]/g, (char) => char + char), names };
}

/** The variables whose values a health check may hold: what the container has in the end. */
export const variablesOf = (unit: SystemdUnit): readonly Assignment[] =>
  [...effectiveAssignments(unit)].filter(({ fault }) => fault === null);

const isOwn = (unit: SystemdUnit, { file }: UnitText): boolean => file === unit.file || isOwnDropIn(unit.file, file);

/**
 * Podman hands a text to a shell unless it is a list or begins with CMD or NONE (podman-run(1)); systemd fills in what
 * follows a single `$` or `%` before.
 */
function isShellText({ value, at }: UnitSetting): boolean {
  const isOneLine = at.every((offset, index) => offset === (at[0] ?? 0) + index);
  const isFilledIn = /[$%]/.test(value.replaceAll(/\$\$|%%/g, ""));
  return isOneLine && !isFilledIn && !/^\s*(?:[["']|(?:CMD|NONE)(?:\s|$))/i.test(value);
}
