import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import { linePlace } from "../../src/files/file-migration.ts";
import { readUnit } from "../../src/files/units/unit-environment.ts";
import { sectionOf } from "../../src/files/units/unit-kinds.ts";
import type { SystemdUnit } from "../../src/files/units/unit-model.ts";
import { unitsAt } from "../../src/files/units/units-at.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { NO_FACTS, type Subject, type Where } from "../../src/model/location.ts";
import { commandWords } from "../../src/files/command-words.ts";
import { wordsOf, type UnitSetting } from "../../src/files/units/unit-file.ts";
import { candidateAt } from "../../src/files/candidate.ts";
import { errorReading } from "../../src/engine/reading.ts";

/** Where an administrator's units are, and this user's: systemd.unit(5), podman-systemd.unit(5). */
function ownFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const home = env["HOME"] ?? "";
  const config = env["XDG_CONFIG_HOME"] || (home === "" ? "" : `${home}/.config`);
  const own = config === "" ? [] : [`${config}/systemd/user`, `${config}/containers/systemd`];
  // Without a session, such as under sudo, there is no folder of this user's configuration but the one in the home.
  const inHome = home === "" ? [] : [`${home}/.config/containers/systemd`];
  return [...new Set(["/etc/systemd/system", "/etc/containers/systemd", ...own, ...inHome])];
}

/**
 * `systemd:FILE`, `systemd:FOLDER` or `systemd:`: units and Quadlet containers with their drop-ins: the variables they set, in
 * their files too, and the commands they run.
 */
export function systemdSource(cwd: string, env: NodeJS.ProcessEnv): Source {
  return {
    kind: "systemd",
    async *read(what, signal) {
      const own = ownFolders(env);
      const roots = what === "" ? own.filter((dir) => existsSync(dir)) : [resolve(cwd, what)];
      if (roots.length === 0)
        throw new UnsprawlError("absent", `there is no ${own.join(", no ")}`, "unsprawl scan systemd:FILE_OR_FOLDER");
      const units = roots.flatMap((root) => unitsAt(root));
      yield { kind: "total", subjects: units.length };
      for (const file of units) {
        signal.throwIfAborted();
        yield* await readings(`systemd:${what}`, file);
      }
    },
  };
}

async function readings(source: string, file: string): Promise<readonly SourceReading[]> {
  try {
    const unit = await readUnit(file);
    const about = { kind: "subject", name: unit.name, id: unit.file } as const;
    return [reading(source, unit), ...unit.errors.map((error): SourceReading => ({ kind: "error", about, ...error }))];
  } catch (error) {
    return [errorReading(file, { kind: "file", path: file }, error)];
  }
}

function reading(source: string, unit: SystemdUnit): SourceReading {
  const subject: Subject = { kind: "file", name: unit.name, id: unit.file };
  const variables = [...unit.assignments, ...unit.ofService]
    .filter(({ value, by }) => value !== "" && !(by.kind === "word" && SPECIFIERS.test(value)))
    .map(({ file, line, name, value }) =>
      candidateAt(source, subject, "env", name, value, linePlace(file, line, name)),
    );
  const own = unit.texts.flatMap(({ settings }) => settings.filter(({ section }) => section === sectionOf(unit)));
  const entrypoint = commandWords(own.findLast(({ key }) => key === "Entrypoint")?.value ?? "");
  const commands = unit.texts.flatMap(({ file, settings }) =>
    settings
      .filter(({ section, key, value }) => section === sectionOf(unit) && COMMAND.test(key) && value !== "")
      .map(({ key, value, line }) => {
        const lead = key === "Exec" ? entrypoint : "";
        const command = lead === "" ? value : commandWords(value);
        return candidateAt(source, subject, "cmd", key, command, linePlace(file, line, key), lead);
      }),
  );
  const labels = unit.texts.flatMap(({ file, settings }) =>
    settings
      .filter(({ section, key }) => section === sectionOf(unit) && /^(?:Label|Annotation|SetCredential)$/.test(key))
      .flatMap((setting) =>
        pairs(setting).map((pair) => ({ ...pair, place: linePlace(file, setting.line, setting.key) })),
      )
      .map(({ where, name, value, place }) => candidateAt(source, subject, where, name, value, place)),
  );
  const candidates = [...variables, ...commands, ...labels];
  return { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: EXPOSURE };
}

/** What `Label=` and `Annotation=` of a Quadlet container set, and the plain credential of `SetCredential=`. */
function pairs(setting: UnitSetting): { readonly where: Where; readonly name: string; readonly value: string }[] {
  const { key, value } = setting;
  const where = key === "Label" ? "label" : key === "Annotation" ? "annotation" : "file";
  const words = key === "SetCredential" ? [value] : wordsOf(setting).map(({ text }) => text);
  return words.flatMap((word) => {
    const [, name = "", rest = ""] = (key === "SetCredential" ? /^([^:]+):(.+)$/s : /^([^=]+)=(.+)$/s).exec(word) ?? [];
    return name === "" ? [] : [{ where, name, value: rest }];
  });
}

/** A value that systemd makes of the unit's name, its folders or its user alone. */
const SPECIFIERS = /^(?:%[A-Za-z])+$/;

/** Settings that are a command, or arguments of one. */
const COMMAND = /^Exec|^(?:Entrypoint|PodmanArgs|GlobalArgs|HealthCmd|HealthStartupCmd)$/;

const EXPOSURE = ["anyone on the host: unit files and `systemctl show` are open to every user"];
