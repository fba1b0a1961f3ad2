import { sectionOf, type SystemdUnit, type UnitText } from "../../src/files/systemd.ts";
import type { Move } from "../../src/model/plan.ts";
import type { Edit } from "../../src/text/splice.ts";
import type { Setting } from "../../src/text/unit-file.ts";

/** What resolves the references of its environment, and then becomes the command behind it. */
const WRAPPER = "unsprawl run -- ";

/** Sends a signal, and reads no variable: systemd.service(5) has it as the usual ExecReload. */
const KILL = /^(?:\/usr)?\/bin\/kill\s/;

/** Special prefixes of a command: systemd.service(5), COMMAND LINES. */
const PREFIX = /^[@:+!|-]*/;

type Command = {
  readonly text: UnitText;
  readonly setting: Setting;
  readonly prefix: string;
  readonly command: string;
};

/** The commands in effect of a unit: an empty setting takes back those before it. */
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

/** Why the unit's commands cannot be started by `unsprawl run`; null when they can. */
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
  return filledIn(unit, moves);
}

/** systemd would fill in what stands in the environment before anything resolves it. */
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

/** What puts the wrapper before each command that may read a variable, by file. */
export function wrapEdits(
  unit: SystemdUnit,
): ReadonlyMap<string, readonly (Edit & { readonly line: number; readonly key: string })[]> {
  const edits = commandsOf(unit)
    .filter(({ command }) => !KILL.test(command) && !/^(?:\S*\/)?unsprawl run -- /.test(command))
    .map(({ text: { file }, setting, prefix }) => {
      const at = setting.at[prefix.length] ?? setting.end;
      return { file, edit: { start: at, end: at, text: WRAPPER, line: setting.line, key: setting.key } };
    });
  return new Map([...Map.groupBy(edits, ({ file }) => file)].map(([file, all]) => [file, all.map(({ edit }) => edit)]));
}
