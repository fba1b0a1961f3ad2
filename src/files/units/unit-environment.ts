import { lineOf } from "../../kit/text/lines.ts";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { parseDotenv } from "../dotenv.ts";
import { parseSystemdEnv } from "./systemd-env.ts";
import { parseUnit, withoutSpecifiers, wordsOf, type UnitSetting, type UnitWord } from "./unit-file.ts";
import { readText } from "../read.ts";

export type UnitText = { readonly file: string; readonly text: string; readonly settings: readonly UnitSetting[] };

/** A variable that a unit sets: by a word of `Environment=`, or by an entry of a file. */
export type Assignment = {
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly name: string;
  readonly value: string;
  /** Why it cannot be moved as it is written; null if it can. */
  readonly fault: string | null;
  readonly by:
    | { readonly kind: "word"; readonly word: UnitWord; readonly setting: UnitSetting }
    | {
        readonly kind: "entry";
        readonly entry: Pick<
          ReturnType<typeof parseSystemdEnv>[number],
          "start" | "end" | "valueStart" | "valueEnd" | "quote"
        >;
      };
};

export type SystemdUnit = {
  /** `api.service`, `api.container`. */
  readonly name: string;
  /** Where its main file is or would be: there may be drop-ins only. */
  readonly file: string;
  /** The main file and its drop-ins, in systemd's order. */
  readonly texts: readonly UnitText[];
  readonly envFiles: readonly string[];
  /** In the order in which they take effect: the last of a name counts. */
  readonly assignments: readonly Assignment[];
  /** Files that it names and that could not be read. */
  readonly errors: readonly { readonly subject: string; readonly message: string; readonly hint: string }[];
};

/** The sections with commands, by the unit's kind: systemd.exec(5), podman-systemd.unit(5). */
const SECTIONS: { readonly [kind: string]: string } = {
  service: "Service",
  socket: "Socket",
  mount: "Mount",
  swap: "Swap",
  container: "Container",
};

const kindOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

export function sectionOf({ name }: Pick<SystemdUnit, "name">): string {
  return SECTIONS[kindOf(name)] ?? "Service";
}

export function isQuadlet(name: string): boolean {
  return kindOf(name) === "container";
}

/**
 * The units in a folder, or the one that a file (its main file or a drop-in) belongs to; by the main file. Throws
 * `absent` or `usage`.
 */
export function unitsAt(path: string): readonly string[] {
  // A link that leads to itself exists, and has no target.
  const stat = existsSync(path) ? statSync(path) : undefined;
  if (stat === undefined)
    throw new UnsprawlError("absent", `there is no ${path}`, "unsprawl scan systemd:FILE_OR_FOLDER");
  const own = (name: string): string[] => {
    const unit = name.replace(/\.d$/, "");
    return kindOf(unit) in SECTIONS ? [unit] : [];
  };
  if (stat.isDirectory() && own(basename(path)).length === 0)
    return [...new Set(readdirSync(path).flatMap(own))].sort().map((name) => join(path, name));
  const at = stat.isDirectory() || !path.endsWith(".conf") ? path : dirname(path);
  if (own(basename(at)).length > 0) return [at.replace(/\.d$/, "")];
  throw new UnsprawlError(
    "usage",
    `${path} is no unit`,
    cmd`known: ${bare(
      Object.keys(SECTIONS)
        .map((kind) => `.${kind}`)
        .join(" "),
    )}`,
  );
}

/**
 * A unit with its drop-ins and the variable files that it names. Throws as `readText` for its main file and drop-ins.
 */
export async function readUnit(file: string): Promise<SystemdUnit> {
  const name = basename(file);
  const folder = `${file}.d`;
  const dropIns = existsSync(folder) ? readdirSync(folder).filter((one) => one.endsWith(".conf")) : [];
  const files = [...(existsSync(file) ? [file] : []), ...dropIns.sort().map((one) => join(folder, one))];
  const texts = await Promise.all(
    files.map(async (one): Promise<UnitText> => {
      const text = await readText(one, { named: true });
      return { file: one, text, settings: parseUnit(text) };
    }),
  );
  const section = sectionOf({ name });
  const own = texts
    .flatMap(({ file: at, text, settings }) => settings.map((setting) => ({ at, text, setting })))
    .filter(({ setting }) => setting.section === section && setting.key === "Environment")
    .flatMap(({ at, text, setting }) => ofSetting(at, text, setting));
  const envFiles = new Map<string, boolean>();
  const errors: SystemdUnit["errors"][number][] = [];
  for (const { file: at, settings } of texts) {
    for (const setting of settings) {
      if (setting.section !== section || setting.key !== "EnvironmentFile") continue;
      if (setting.value === "") envFiles.clear();
      else {
        const path = setting.value.replace(/^-/, "").replaceAll(/^["']|["']$/g, "");
        if (/[%*?[]/.test(path))
          errors.push({
            subject: `${name} ${path}`,
            message: "is a pattern, or has a specifier that only systemd can fill in",
            hint: "unsprawl scan env:FILE reads such a file",
          });
        else envFiles.set(resolve(dirname(at), path), setting.value.startsWith("-"));
      }
    }
  }
  let entries: readonly Assignment[] = [];
  for (const [path, optional] of envFiles) {
    try {
      entries = [...entries, ...(await ofEnvFile(path, isQuadlet(name)))];
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      if (optional && error.code === "absent") continue;
      errors.push({ subject: `${name} ${path}`, message: error.message, hint: error.hint ?? cmd`ls -l ${path}` });
    }
  }
  return { name, file, texts, envFiles: [...envFiles.keys()], assignments: [...own, ...entries], errors };
}

/** The assignments in effect: the last of each name, and none before an empty `Environment=`. */
export function effectiveAssignments({ texts, assignments, ...unit }: SystemdUnit): ReadonlySet<Assignment> {
  const reset = texts
    .flatMap(({ settings }) => settings)
    .findLastIndex(({ section, key, value }) => section === sectionOf(unit) && key === "Environment" && value === "");
  const order = texts.flatMap(({ settings }) => settings);
  const last = new Map<string, Assignment>();
  for (const one of assignments)
    if (one.by.kind === "entry" || order.indexOf(one.by.setting) > reset) last.set(one.name, one);
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
    const fault =
      value === null
        ? "has a specifier (%), which only systemd can fill in"
        : word.broken
          ? "goes on over several lines"
          : null;
    const line = lineOf(text, word.start);
    return [{ file, text, line, name, value: value ?? written, fault, by: { kind: "word", word, setting } }];
  });
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
