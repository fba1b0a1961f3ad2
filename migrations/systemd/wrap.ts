import { effectiveAssignments } from "../../src/files/units/unit-environment.ts";
import { sectionOf } from "../../src/files/units/unit-kinds.ts";
import type { SystemdUnit, UnitText } from "../../src/files/units/unit-model.ts";
import type { Move } from "../../src/model/plan.ts";
import type { Edit } from "../../src/kit/text/splice.ts";
import type { UnitSetting } from "../../src/files/units/unit-file.ts";

/** Resolves references in its environment, and then becomes the command after it. */
const WRAPPER = /^(?:\S*\/)?unsprawl\s+run\s+((?:--only[=\s]\s*\S+\s+|--keep\s+)*)--\s+/;

/** What a shell, and the list of `--only`, accept as a variable's name. */
const NAME = /^[A-Za-z_]\w*$/;

/** Sends a signal, and reads no variable: systemd.service(5) has it as the usual ExecReload. */
const KILL = /^(?:\/usr)?\/bin\/kill\s/;

/** Special prefixes of a command: systemd.service(5), COMMAND LINES. */
const PREFIX = /^[@:+!|-]*/;

type Command = {
  readonly text: UnitText;
  readonly setting: UnitSetting;
  readonly prefix: string;
  readonly command: string;
};

/** The commands of a unit in effect: an empty setting clears those before it. */
function commandsOf(unit: SystemdUnit): readonly Command[] {
  const byKey = new Map<string, Command[]>();
  for (const text of unit.texts) {
    for (const setting of text.settings) {
      if (setting.section !== sectionOf(unit) || !setting.key.startsWith("Exec")) continue;
      const prefix = PREFIX.exec(setting.value)?.[0] ?? "";
      const command = setting.value.slice(prefix.length);
      if (setting.value === "") byKey.delete(setting.key);
      else byKey.set(setting.key, [...(byKey.get(setting.key) ?? []), { text, setting, prefix, command }]);
    }
  }
  return [...byKey.values()].flat();
}

/** Why `unsprawl run` cannot start the unit's commands; null if it can. */
export function wrapFault(unit: SystemdUnit, moves: readonly Move[]): string | null {
  const commands = commandsOf(unit);
  if (!commands.some(({ setting }) => setting.key === "ExecStart"))
    return "its ExecStart is not in these files, so nothing can resolve a reference";
  const settings = new Map(unit.texts.flatMap(({ settings: all }) => all).map(({ key, value }) => [key, value]));
  if (/^(yes|true|on|1)$/i.test(settings.get("MemoryDenyWriteExecute") ?? ""))
    return "MemoryDenyWriteExecute= keeps `unsprawl run` from starting";
  const elsewhere = ["RootDirectory", "RootImage"].find((key) => (settings.get(key) ?? "") !== "");
  if (elsewhere !== undefined) return `${elsewhere}= has no unsprawl in it`;
  if (commands.some(({ prefix }) => prefix.includes("@")))
    return "a command has the prefix @, which names it otherwise";
  if (commands.some(({ command }) => / ; /.test(command))) return "one line has several commands";
  const odd = moves.find(({ name }) => !NAME.test(name));
  if (odd !== undefined) return `a command cannot have a variable called ${JSON.stringify(odd.name)}`;
  return filledIn(unit, moves);
}

/** systemd would expand variables from the environment before anything resolves them. */
export function filledIn(unit: SystemdUnit, moves: readonly Move[]): string | null {
  for (const { setting } of commandsOf(unit)) {
    const used = moves.find(({ name }) =>
      new RegExp(`(?<!\\$)(?:\\$\\$)*\\$(?:${name}\\b|\\{${name}\\})`).test(setting.value),
    );
    if (used !== undefined)
      return `${setting.key} takes $${used.name} as an argument, which every user of the host can list`;
  }
  return null;
}

type WrapEdit = Edit & { readonly line: number; readonly key: string; readonly shown: string };

/**
 * The edits that put a wrapper for these variables before each command that may read one, by file: it resolves no other
 * variable, since an environment file may belong to another user. A wrapper that names variables already gets these
 * too; one that names none resolves all, and stays. Other references of the unit are passed on as they are (`--keep`).
 */
export function wrapEdits(unit: SystemdUnit, moved: readonly string[]): ReadonlyMap<string, readonly WrapEdit[]> {
  const commands = commandsOf(unit).filter(({ command }) => !KILL.test(command));
  const names = [...new Set([...commands.flatMap(({ command }) => namedBy(command) ?? []), ...moved])];
  const others = [...effectiveAssignments(unit)].some(
    ({ name, value }) => value.startsWith("ref+") && !names.includes(name),
  );
  const wrapper = `unsprawl run --only ${names.join(",")} ${others ? "--keep " : ""}-- `;
  const edits = commands.flatMap(({ text: { file }, setting, prefix, command }) => {
    const place = { line: setting.line, key: setting.key };
    const known = namedBy(command);
    if (known === null) {
      const at = setting.at[prefix.length] ?? setting.end;
      return [{ file, edit: { start: at, end: at, text: wrapper, ...place, shown: `started by ${wrapper.trim()}` } }];
    }
    const added = names.filter((name) => !known.includes(name));
    const first = /--only[=\s]\s*\S+/.exec(command);
    if (known.length === 0 || added.length === 0 || first === null) return [];
    // After the last character of the first list.
    const at = (setting.at[prefix.length + first.index + first[0].length - 1] ?? setting.end) + 1;
    const shown = `unsprawl run --only ${[...known, ...added].join(",")}`;
    return [{ file, edit: { start: at, end: at, text: `,${added.join(",")}`, ...place, shown } }];
  });
  return new Map([...Map.groupBy(edits, ({ file }) => file)].map(([file, all]) => [file, all.map(({ edit }) => edit)]));
}

/** The variables that a command's wrapper resolves; empty for all of them, null without a wrapper. */
function namedBy(command: string): readonly string[] | null {
  const flags = WRAPPER.exec(command)?.[1];
  if (flags === undefined) return null;
  return [...flags.matchAll(/--only[=\s]\s*(\S+)/g)].flatMap(([, list = ""]) => list.split(",")).filter(Boolean);
}

/** A command without its wrapper. */
export function unwrapped(value: string): string {
  const prefix = PREFIX.exec(value)?.[0] ?? "";
  return prefix + value.slice(prefix.length).replace(WRAPPER, "");
}
