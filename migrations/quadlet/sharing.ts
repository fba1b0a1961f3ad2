import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { namedEnvFiles } from "../../src/files/units/unit-env-files.ts";
import { readUnit, readUnitTexts } from "../../src/files/units/unit-environment.ts";
import { isQuadlet, sectionOf } from "../../src/files/units/unit-kinds.ts";
import type { SystemdUnit } from "../../src/files/units/unit-model.ts";
import { unitsAt } from "../../src/files/units/units-at.ts";
import { readAtOnce } from "./at-once.ts";

/** A unit, and the files of variables that it names. */
export type EnvFileReader = {
  readonly unit: string;
  /** For the container. */
  readonly container: ReadonlySet<string>;
  /** For commands of the host: those of a service, or of the service that starts a container. */
  readonly host: ReadonlySet<string>;
};

/** The units of a host or a folder, as a plan's decisions see them. */
export type Units = {
  /** Throws as `readUnit`. */
  readonly unit: (file: string) => Promise<SystemdUnit>;
  /** The units that read this file of variables, the given one included. */
  readonly readersOf: (unit: string, file: string) => Promise<readonly EnvFileReader[]>;
  /**
   * The Quadlet containers that move together with this one, in order: a line that leaves a file of variables leaves it
   * for all who read it.
   */
  readonly movedTogether: (unit: string) => Promise<readonly string[]>;
};

export function unitsAtOnce(): Units {
  const beside = readAtOnce(async (unit) => areasOf(unit).flatMap((folder) => [...unitsAt(folder)]));
  const reader = readAtOnce(readerAt);
  const readersAround = async (unit: string): Promise<readonly EnvFileReader[]> =>
    Promise.all([...new Set([unit, ...(await beside(unit))])].map(reader));
  return {
    unit: readAtOnce(readUnit),
    readersOf: async (unit, file) =>
      (await readersAround(unit)).filter(({ container, host }) => container.has(file) || host.has(file)),
    movedTogether: async (unit) => movedTogether(unit, await readersAround(unit)),
  };
}

function movedTogether(unit: string, readers: readonly EnvFileReader[]): readonly string[] {
  const together = new Set([unit]);
  for (const one of together) {
    const own = readers.find((reader) => reader.unit === one);
    if (own === undefined) continue;
    for (const other of readers) if (shares(own, other)) together.add(other.unit);
  }
  return [...together].sort();
}

/** Whether two containers have a file of variables in common, or their services have one to fill in from. */
function shares(one: EnvFileReader, other: EnvFileReader): boolean {
  if ([...one.container].some((file) => other.container.has(file))) return true;
  return isQuadlet(one.unit) && isQuadlet(other.unit) && [...one.host].some((file) => other.host.has(file));
}

/** Where other units of the same owner are: those that are installed, else those in the same folder. */
function areasOf(unit: string): readonly string[] {
  const root = /^.*\/containers\/systemd(?=\/)/.exec(unit)?.[0];
  if (root === undefined) return [dirname(unit)];
  const services = root.endsWith("/.config/containers/systemd")
    ? root.replace(/containers\/systemd$/, "systemd/user")
    : "/etc/systemd/system";
  return [root, services].filter((folder) => existsSync(folder));
}

async function readerAt(file: string): Promise<EnvFileReader> {
  const name = basename(file);
  // What cannot be read is reported by the scan.
  const unit = { name, file, texts: await readUnitTexts(file).catch(() => []) };
  const files = (section: string): Set<string> => new Set(namedEnvFiles(unit, section).files.map((one) => one.file));
  if (!isQuadlet(name)) return { unit: file, container: new Set(), host: files(sectionOf(unit)) };
  return { unit: file, container: files("Container"), host: files("Service") };
}
