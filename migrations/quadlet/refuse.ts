import { basename, dirname } from "node:path";
import { isBlind } from "../../src/files/blind-commands.ts";
import { lineOfLocation, lineText } from "../../src/files/file-migration.ts";
import { movableAssignment, withoutEffect } from "../../src/files/units/assignments.ts";
import { isOwnDropIn } from "../../src/files/units/drop-ins.ts";
import { isQuadlet } from "../../src/files/units/unit-kinds.ts";
import type { Assignment, SystemdUnit } from "../../src/files/units/unit-model.ts";
import { unitCommands } from "../../src/files/units/unit-words.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { Finding } from "../../src/model/finding.ts";
import { filledFrom, type EntryPlace, type ServiceVariable } from "./filled.ts";
import { healthFilledFrom, variablesOf } from "./health.ts";
import type { Units } from "./sharing.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a finding of a Quadlet container cannot be moved; null if it can. */
export async function refusal({ location, name }: Finding, units: Units): Promise<Refusal | null> {
  if (location.where === "cmd") {
    const unit = await units.unit(location.subjectId);
    if (name === "HealthCmd" && healthFilledFrom(unit, variablesOf(unit)) !== null) return null;
    return inCommand(name);
  }
  if (location.where !== "env")
    return {
      reason: `is in the container's ${location.where}, which podman inspect shows`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  const unit = await units.unit(location.subjectId);
  const place = lineOfLocation(location);
  const ofService = unit.ofService.some((one) => one.file === place.file && one.line === place.line);
  const found = await movableAssignment(location);
  if ("reason" in found) return ofService ? ofFilled(unit, place, units) : found;
  return notSecret(unit, found) ?? (found.by.kind === "word" ? ofWord(unit, found) : ofEntry(unit, found, units));
}

export function inCommand(setting: string): Refusal {
  return {
    reason: `is in ${setting}, an argument that every user of the host can list`,
    // What systemd hands on as one dollar, the check's shell fills in.
    hint:
      setting === "HealthCmd"
        ? "write Environment=NAME=value, and $$NAME in its place in HealthCmd=, then plan again"
        : "write Environment=NAME=value, then plan again",
  };
}

/** What systemd gives to podman, which hands on only what a setting fills in. */
async function ofFilled(unit: SystemdUnit, place: EntryPlace, units: Units): Promise<Refusal | null> {
  const { name, file } = place;
  const reason = "is in [Service], the environment of the command that starts the container";
  const filled = filledFrom(unit, place);
  const last = unit.ofService.findLast((one) => one.name === name);
  if (filled === null && last !== undefined && (last.file !== file || last.line !== place.line))
    return withoutEffect(`${lineText(last.file, last.line, name)} comes after it`, place);
  if (filled === null) return { reason, hint: "write it in [Container], as Environment=NAME=value, then plan again" };
  const { one, users, composed, other } = filled;
  if (one.fault !== null) return { reason: one.fault, hint: "write its value in full, on one line, then plan again" };
  if (other !== null)
    return {
      reason: `${reason}, and ${other} holds it too`,
      hint: cmd`give the container a variable with $\{${name}} in its place, then plan again`,
    };
  if (users.length + composed.length === 0) {
    const needs = (await fillingIn(unit, place, units)).find(({ filled: more }) => more.users.length > 0)?.name;
    return {
      reason: `${reason}, and no setting of ${unit.name} fills it in`,
      hint:
        needs === undefined
          ? cmd`give ${unit.name} a file without ${name}`
          : cmd`unsprawl plan systemd:${dirname(unit.file)} --to STORE moves it for ${needs}`,
      elsewhere: true,
    };
  }
  for (const user of users) {
    const found = notSecret(unit, user);
    if (found !== null) return found;
  }
  return (await ofHost(unit, file, units)) ?? (await ofOthers(unit, place, units));
}

/** A container whose service fills it in otherwise would be without it. */
async function ofOthers(unit: SystemdUnit, place: EntryPlace, units: Units): Promise<Refusal | null> {
  const all = await fillingIn(unit, place, units);
  const found = all.find(({ filled }) => filled.other !== null);
  if (found === undefined) return null;
  const where = lineText(place.file, place.line, place.name);
  const other = found.filled.other ?? "";
  if (found.name === unit.name)
    return {
      reason: `${where} is filled into ${other}, which stays`,
      hint: "take it out of there, then plan again",
    };
  return {
    reason: `${where} is filled into ${other} of ${found.name} too`,
    hint: cmd`give ${found.name} its own file of variables, then plan again`,
  };
}

/** The containers whose services get the variable from there. */
async function fillingIn(
  unit: SystemdUnit,
  place: EntryPlace,
  units: Units,
): Promise<readonly { readonly name: string; readonly filled: ServiceVariable }[]> {
  const readers = (await units.readersOf(unit.file, place.file)).filter(
    (one) => one.host.has(place.file) && isQuadlet(one.unit),
  );
  const found = await Promise.all(readers.map((one) => units.unit(one.unit)));
  return found.flatMap((one) => {
    const filled = filledFrom(one, place);
    return filled === null ? [] : [{ name: one.name, filled }];
  });
}

/** A podman secret already has the name, or cannot have it. */
function notSecret(unit: SystemdUnit, { name, file, line }: Assignment): Refusal | null {
  const secret = secretFor(unit, name);
  if (secret !== null) return withoutEffect(`Secret=${secret} sets ${name}`, { file, line });
  if (/^[A-Za-z_][\w.-]*$/.test(name)) return null;
  return { reason: "a podman secret cannot set a variable with this name", hint: "rename it, then plan again" };
}

/** The `Secret=` that sets a variable; null if none does. */
export function secretFor(unit: SystemdUnit, name: string): string | null {
  const settings = unit.texts.flatMap((text) => text.settings);
  const found = settings.find(
    ({ section, key, value }) => section === "Container" && key === "Secret" && variableOfSecret(value) === name,
  );
  return found?.value ?? null;
}

/** The variable that a `Secret=` sets; null for one that is a file. */
function variableOfSecret(value: string): string | null {
  const [name = "", ...options] = value.split(",");
  if (!options.includes("type=env")) return null;
  return options.find((one) => one.startsWith("target="))?.slice("target=".length) ?? name;
}

function ofWord(unit: SystemdUnit, { file }: Assignment): Refusal | null {
  if (file === unit.file || isOwnDropIn(unit.file, file)) return null;
  return {
    reason: `is in ${file}, a drop-in of every unit that its folder's name fits`,
    hint: cmd`write it into ${unit.name}.d in its place, for each of them, then plan again`,
  };
}

/** A file of variables that commands on the host read too must keep the value. */
async function ofEntry(unit: SystemdUnit, place: Assignment, units: Units): Promise<Refusal | null> {
  const { file, name, value } = place;
  if (!unit.texts.some((text) => text.file === unit.file))
    return { reason: `there is no ${unit.file} to write its secret into`, hint: cmd`ls -l ${unit.file}` };
  const filled = filledFrom(unit, place);
  if (filled !== null && filled.users.length > 0 && filled.one.value !== value)
    return {
      reason: `${lineText(file, place.line, name)} is one value to podman and another one to systemd`,
      hint: cmd`write the value of ${name} without quotes, then plan again`,
    };
  for (const user of filled?.users ?? []) {
    const found = notSecret(unit, user);
    if (found !== null) return found;
  }
  return (await ofHost(unit, file, units)) ?? (await ofOthers(unit, place, units));
}

/** What the services of containers fill in from the file is looked at apart. */
async function ofHost(unit: SystemdUnit, file: string, units: Units): Promise<Refusal | null> {
  const others: string[] = [];
  for (const { unit: reader, host } of await units.readersOf(unit.file, file))
    if (host.has(file) && (!isQuadlet(reader) || (await runsCommands(reader, units)))) others.push(basename(reader));
  if (others.length === 0) return null;
  return {
    reason: `${file} is read on the host too, by ${others.join(", ")}`,
    hint: "give the container its own file for its secrets, then plan again",
  };
}

/** Whether the service of a Quadlet container runs commands of the host that may look at its environment. */
async function runsCommands(file: string, units: Units): Promise<boolean> {
  const { texts } = await units.unit(file);
  return texts.some(({ text }) => !unitCommands(text, "Service").every(isBlind));
}
