import { dirname } from "node:path";
import { movableAssignment } from "../../src/files/units/assignments.ts";
import { lineOfLocation } from "../../src/files/file-migration.ts";
import { readUnit } from "../../src/files/units/unit-environment.ts";
import { unitsAt } from "../../src/files/units/units-at.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Location } from "../../src/model/location.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a finding of a unit cannot be moved; null if it can. */
export async function refusal({ location, name }: Finding): Promise<Refusal | null> {
  if (location.where === "cmd") return inCommand(location, name);
  const found = await movableAssignment(location);
  if ("reason" in found) return found;
  const others = found.by.kind === "entry" ? await sharers(location.subjectId, found.file) : [];
  if (others.length === 0) return null;
  return {
    reason: `${found.file} is read by ${others.join(", ")} too`,
    hint: "give each unit its own file, then plan again",
  };
}

async function inCommand(location: Location, key: string): Promise<Refusal> {
  const { file, line } = lineOfLocation(location);
  const text = (await readUnit(location.subjectId)).texts.find((one) => one.file === file);
  const command = text?.settings.find((one) => one.line === line && one.key === key)?.value ?? "";
  const reason = `is in ${key}, an argument that every user of the host can list`;
  const words = command.split(/\s+/);
  const client = words.findIndex((word) => /(?:^|\/)(?:docker|podman)$/.test(word));
  const hint = words.some((word, at) => client >= 0 && at > client && /^(?:-e|--env)(?:=|$)/.test(word))
    ? cmd`unsprawl plan script:${file} --to STORE`
    : "give the application a variable or a file for it, then scan again";
  return { reason, hint };
}

/** Other units in the same folder that read this variable file. */
async function sharers(unit: string, file: string): Promise<string[]> {
  const found: string[] = [];
  for (const other of unitsAt(dirname(unit))) {
    if (other === unit) continue;
    const read = await readUnit(other).catch(() => null);
    if (read?.envFiles.includes(file) === true) found.push(read.name);
  }
  return found;
}
