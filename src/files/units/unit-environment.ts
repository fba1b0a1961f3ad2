import { existsSync } from "node:fs";
import { basename } from "node:path";
import { lineOf } from "../../kit/text/lines.ts";
import { readText } from "../read.ts";
import { dropInsOf } from "./drop-ins.ts";
import { namedEnvFiles, readEnvFiles } from "./unit-env-files.ts";
import { parseUnit, withoutSpecifiers, wordsOf, type UnitSetting } from "./unit-file.ts";
import { isQuadlet, sectionOf } from "./unit-kinds.ts";
import type { Assignment, SystemdUnit, UnitText } from "./unit-model.ts";

/**
 * A unit with its drop-ins and the variable files that it names. Throws as `readText` for its main file and drop-ins.
 */
export async function readUnit(file: string): Promise<SystemdUnit> {
  const unit = { name: basename(file), file, texts: await readUnitTexts(file) };
  const section = sectionOf(unit);
  const own = wordsIn(unit.texts, section);
  const named = namedEnvFiles(unit, section);
  const { entries, errors } = await readEnvFiles(unit.name, named.files);
  // systemd lets files override the unit, podman the unit its files.
  const assignments = isQuadlet(unit.name) ? [...entries, ...own] : [...own, ...entries];
  return {
    ...unit,
    envFiles: named.files.map((one) => one.file),
    assignments,
    ofService: isQuadlet(unit.name) ? await serviceAssignments(unit, new Set(named.files.map((one) => one.file))) : [],
    errors: [...named.errors, ...errors],
  };
}

/** The main file and its drop-ins, in the order in which they are read. Throws as `readText`. */
export async function readUnitTexts(file: string): Promise<readonly UnitText[]> {
  const files = [...(existsSync(file) ? [file] : []), ...dropInsOf(file)];
  return Promise.all(
    files.map(async (one): Promise<UnitText> => {
      const text = await readText(one, { named: true });
      return { file: one, text, settings: parseUnit(text) };
    }),
  );
}

function wordsIn(texts: readonly UnitText[], section: string): Assignment[] {
  return texts
    .flatMap(({ file: at, text, settings }) => settings.map((setting) => ({ at, text, setting })))
    .filter(({ setting }) => setting.section === section && setting.key === "Environment")
    .flatMap(({ at, text, setting }) => ofSetting(at, text, setting));
}

/** What the service that starts a Quadlet container has, and the container does not. */
async function serviceAssignments(
  unit: Pick<SystemdUnit, "name" | "file" | "texts">,
  ofContainer: ReadonlySet<string>,
): Promise<Assignment[]> {
  const named = namedEnvFiles(unit, "Service").files.filter(({ file }) => !ofContainer.has(file));
  const { entries } = await readEnvFiles(`${unit.name}.service`, named);
  return [...wordsIn(unit.texts, "Service"), ...entries];
}

/** The assignments in effect: the last of each name, and none before an empty `Environment=`. */
export function effectiveAssignments({ texts, assignments, ...unit }: SystemdUnit): ReadonlySet<Assignment> {
  const reset = texts
    .flatMap(({ settings }) => settings)
    .findLastIndex(({ section, key, value }) => section === sectionOf(unit) && key === "Environment" && value === "");
  const order = new Map(texts.flatMap(({ settings }) => settings).map((setting, at) => [setting, at]));
  const last = new Map<string, Assignment>();
  for (const one of assignments)
    if (one.by.kind === "entry" || (order.get(one.by.setting) ?? -1) > reset) last.set(one.name, one);
  return new Set(last.values());
}

/** The variables that a unit file's text sets, in order. */
export function assignmentsIn(file: string, text: string, section: string): readonly Assignment[] {
  return parseUnit(text)
    .filter((setting) => setting.section === section && setting.key === "Environment")
    .flatMap((setting) => ofSetting(file, text, setting));
}

function ofSetting(file: string, text: string, setting: UnitSetting): Assignment[] {
  return wordsOf(setting).flatMap((word): Assignment[] => {
    const [, name = "", written = ""] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word.text) ?? [];
    if (name === "") return [];
    const value = withoutSpecifiers(written);
    const fills = setting.section === "Container" && written.replaceAll("$$", "").includes("$");
    const fault =
      value === null
        ? "has a specifier (%), which only systemd can fill in"
        : fills
          ? "has a dollar sign, which systemd may fill in"
          : word.broken
            ? "continues on another line"
            : null;
    const line = lineOf(text, word.start);
    // A word of a Quadlet container becomes an argument of ExecStart, where `$$` is one character.
    const received = setting.section === "Container" && !fills ? value?.replaceAll("$$", "$") : value;
    return [{ file, text, line, name, value: received ?? written, fault, by: { kind: "word", word, setting } }];
  });
}
