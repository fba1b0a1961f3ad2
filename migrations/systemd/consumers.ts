import { existsSync } from "node:fs";
import { posix, resolve } from "node:path";
import type { ConsumerReader, FoundConsumers } from "../../src/contract/supplies.ts";
import { readUnit } from "../../src/files/units/unit-environment.ts";
import { sectionOf } from "../../src/files/units/unit-kinds.ts";
import type { SystemdUnit } from "../../src/files/units/unit-model.ts";
import { unitsAt } from "../../src/files/units/units-at.ts";
import { isFileName } from "../../src/kit/io/name.ts";
import type { Consumer, SuppliedValue } from "../../src/model/consumer.ts";

/** `X-Unsprawl-Ref=NAME STORE REFERENCE`: where a credential's value comes from. */
export const REFERENCE_KEY = "X-Unsprawl-Ref";

/** Where an administrator's units are: systemd.unit(5). */
const OWN = "/etc/systemd/system";

export type UnitConsumerTools = { readonly cwd: string; readonly mayHold: (folder: string) => boolean };

/** Reads the consumers of `systemd:`, `systemd:FILE` and `systemd:FOLDER` from units' credentials and their references. */
export function unitConsumers({ cwd, mayHold }: UnitConsumerTools): ConsumerReader {
  return async (what) => {
    const root = what === "" ? OWN : resolve(cwd, what);
    const files = what === "" && !existsSync(root) ? [] : unitsAt(root);
    const found = await Promise.all(files.map(async (file) => consumersOfUnit(await readUnit(file), mayHold)));
    return { consumers: found.flatMap(({ consumers }) => consumers), faults: found.flatMap(({ faults }) => faults) };
  };
}

/** A unit in the index. */
export const unitConsumer = (file: string): string => `systemd:${file}`;

/** A folder for each run that moved something of the unit: a credential names its file. */
function consumersOfUnit(unit: SystemdUnit, mayHold: (folder: string) => boolean): FoundConsumers {
  const settings = unit.texts.flatMap((text) => text.settings).filter(({ section }) => section === sectionOf(unit));
  const files = new Map(
    settings
      .filter(({ key }) => key === "LoadCredential")
      .map(({ value }) => [value.split(":", 1)[0] ?? "", value.slice(value.indexOf(":") + 1)]),
  );
  const faults: string[] = [];
  const folders = new Map<string, SuppliedValue[]>();
  for (const { value } of settings.filter(({ key }) => key === REFERENCE_KEY)) {
    const [, name = "", store = "", reference = ""] = /^(\S+) (\S+) (ref\+\S.*)$/.exec(value) ?? [];
    const file = files.get(name) ?? "";
    const folder = posix.dirname(file);
    if (!isFileName(name) || reference === "" || posix.basename(file) !== name || !mayHold(folder))
      faults.push(`${unit.name}: a ${REFERENCE_KEY}= names no credential below the folder for values`);
    else folders.set(folder, [...(folders.get(folder) ?? []), { name, reference, store }]);
  }
  return { consumers: [...folders].map(([folder, values]) => consumerOf(unit.file, folder, values)), faults };
}

/** systemd reads a credential's file as root, and passes it on to the unit's user. */
export function consumerOf(file: string, folder: string, values: readonly SuppliedValue[]): Consumer {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { id: unitConsumer(file), delivery: "file", folder, owner, values, script: false, onChange: null, stores: [] };
}
