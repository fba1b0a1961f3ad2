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
  const service = isQuadlet(unit.name) ? await serviceAssignments(unit) : [];
  const own = wordsIn(unit.texts, section).map((one) => composed(one, service));
  const named = namedEnvFiles(unit, section);
  const files = new Set(named.files.map((one) => one.file));
  const { entries, errors } = await readEnvFiles(unit.name, named.files);
  // systemd lets files override the unit, podman the unit its files.
  const assignments = isQuadlet(unit.name) ? [...entries, ...own] : [...own, ...entries];
  return {
    ...unit,
    envFiles: [...files],
    assignments,
    service,
    ofService: service.filter(({ by, file }) => by.kind === "word" || !files.has(file)),
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

/** What the service has that starts a Quadlet container. */
async function serviceAssignments(unit: Pick<SystemdUnit, "name" | "file" | "texts">): Promise<Assignment[]> {
  const { entries } = await readEnvFiles(`${unit.name}.service`, namedEnvFiles(unit, "Service").files);
  return [...wordsIn(unit.texts, "Service"), ...entries];
}

/**
 * A variable of a Quadlet container with what systemd fills in, if the service has all of it; as it is otherwise, and if it
 * is a variable of the service and nothing else.
 */
function composed(one: Assignment, service: readonly Assignment[]): Assignment {
  if (one.by.kind !== "word" || one.fault !== FILLED_IN || one.by.word.broken || !COMPOSED.test(one.value)) return one;
  const from: Assignment[] = [];
  const value = one.value.replaceAll(/\$(?:\$|\{(\w+)\})/g, (_all, name?: string) => {
    const source = name === undefined ? undefined : service.findLast((other) => other.name === name);
    if (source !== undefined) from.push(source);
    return name === undefined ? "$" : (source?.value ?? "");
  });
  const names = one.value.replaceAll("$$", "").match(/\$\{/g) ?? [];
  if (from.length !== names.length || from.some(({ fault }) => fault !== null)) return one;
  return { ...one, value, fault: null, filledFrom: from };
}

/** systemd.service(5): within a word only `${NAME}` is filled in. */
const COMPOSED = /^(?!\$\{\w+\}$)(?:[^$]|\$\$|\$\{[A-Za-z_]\w*\})+$/;
const FILLED_IN = "has a dollar sign, which systemd may fill in";

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
          ? FILLED_IN
          : word.broken
            ? "continues on another line"
            : null;
    const line = lineOf(text, word.start);
    // A word of a Quadlet container becomes an argument of ExecStart, where `$$` is one character.
    const received = setting.section === "Container" && !fills ? value?.replaceAll("$$", "$") : value;
    return [{ file, text, line, name, value: received ?? written, fault, by: { kind: "word", word, setting } }];
  });
}
