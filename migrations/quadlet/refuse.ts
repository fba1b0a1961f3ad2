import { basename, dirname } from "node:path";
import type { Selected, UnitPlan } from "../../src/contract/migration.ts";
import { lineOfLocation, lineText } from "../../src/files/file-migration.ts";
import { movableAssignment } from "../../src/files/units/assignments.ts";
import { isOwnDropIn } from "../../src/files/units/drop-ins.ts";
import { effectiveAssignments, readUnit } from "../../src/files/units/unit-environment.ts";
import { isQuadlet } from "../../src/files/units/unit-kinds.ts";
import type { Assignment, SystemdUnit } from "../../src/files/units/unit-model.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { Finding } from "../../src/model/finding.ts";
import { readersOf } from "./sharing.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a finding of a Quadlet container cannot be moved; null if it can. */
export async function refusal({ location, name }: Finding): Promise<Refusal | null> {
  if (location.where === "cmd")
    return {
      reason: `is in ${name}, an argument that every user of the host can list`,
      // What systemd hands on as one dollar, the check's shell fills in.
      hint: `write Environment=NAME=value${name === "HealthCmd" ? ", and $$NAME in its place in HealthCmd=" : ""}, then plan again`,
    };
  if (location.where !== "env")
    return {
      reason: `is in the container's ${location.where}, which podman inspect shows`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  const unit = await readUnit(location.subjectId);
  const place = lineOfLocation(location);
  const ofService = unit.ofService.some((one) => one.file === place.file && one.line === place.line);
  const found = await movableAssignment(location);
  if ("reason" in found) return ofService ? serviceOnly(unit, name, place.file) : found;
  return notSecret(unit, found) ?? (found.by.kind === "word" ? ofWord(unit, found) : ofEntry(unit, found));
}

/** What systemd gives to podman, which hands on only what a setting fills in. */
function serviceOnly(unit: SystemdUnit, name: string, file: string): Refusal {
  const reason = "is in [Service], the environment of the command that starts the container";
  const isOwn = unit.texts.some((text) => text.file === file);
  const users = unit.texts.flatMap(({ settings }) => settings.filter(({ value }) => fillsIn(value, name)));
  if (users.length === 0 && !isOwn)
    return {
      reason: `${reason}, and no setting of ${unit.name} fills it in`,
      hint: cmd`give ${unit.name} a file without ${name}`,
      elsewhere: true,
    };
  const [one] = users;
  if (isOwn || one === undefined)
    return { reason, hint: "write it in [Container], as Environment=NAME=value, then plan again" };
  return {
    reason: `${reason}; ${one.key}= fills it in`,
    hint: cmd`write EnvironmentFile=${file} in [Container] in place of [Service], and take ${`${one.key}=${one.value}`} out of it if the container knows it by the name ${name}; then plan again`,
  };
}

const fillsIn = (value: string, name: string): boolean => new RegExp(`\\$\\{?${name}(?!\\w)`).test(value);

/** A podman secret already has the name, or cannot have it. */
function notSecret(unit: SystemdUnit, { name, file, line }: Assignment): Refusal | null {
  const secret = secretFor(unit, name);
  if (secret !== null)
    return {
      reason: `has no effect: Secret=${secret} sets ${name}`,
      hint: cmd`take it out of ${file}, line ${line}, and rotate it if it is still valid`,
      elsewhere: true,
    };
  if (/^[A-Za-z_][\w.-]*$/.test(name)) return null;
  return { reason: "a podman secret cannot set a variable with this name", hint: "rename it, then plan again" };
}

/** The `Secret=` that sets a variable; null if none does. */
function secretFor(unit: SystemdUnit, name: string): string | null {
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
async function ofEntry(unit: SystemdUnit, { file }: Assignment): Promise<Refusal | null> {
  if (!unit.texts.some((text) => text.file === unit.file))
    return { reason: `there is no ${unit.file} to write its secret into`, hint: cmd`ls -l ${unit.file}` };
  const others: string[] = [];
  for (const { unit: reader, host } of await readersOf(unit.file, file))
    if (host.has(file) && (!isQuadlet(reader) || (await runsCommands(reader)))) others.push(basename(reader));
  if (others.length === 0) return null;
  return {
    reason: `${file} is read on the host too, by ${others.join(", ")}`,
    hint: "give the container its own file for its secrets, then plan again",
  };
}

/** Whether the service of a Quadlet container uses its environment: in its own commands, or filled into a setting. */
async function runsCommands(file: string): Promise<boolean> {
  const settings = (await readUnit(file)).texts.flatMap((text) => text.settings);
  return settings.some(
    ({ section, key, value }) =>
      (section === "Service" && key.startsWith("Exec")) || /\$(?:\w|\{)/.test(value.replaceAll("$$", "")),
  );
}

/**
 * The findings in shared files of variables that stay, since another container that has them from there keeps them: it is
 * not part of the plan, or this variable of it is not.
 */
export async function leftShared(selected: readonly Selected[]): Promise<NonNullable<UnitPlan["left"]>> {
  const moving = new Set(selected.map(({ move: { location } }) => key(location.subjectId, lineOfLocation(location))));
  const left: NonNullable<UnitPlan["left"]>[number][] = [];
  for (const one of selected) {
    const { subjectId } = one.move.location;
    const place = lineOfLocation(one.move.location);
    const readers = await readersOf(subjectId, place.file);
    const keeping: string[] = [];
    for (const { unit, container } of readers) {
      if (!container.has(place.file) || moving.has(key(unit, place))) continue;
      const read = await readUnit(unit);
      const has = [...effectiveAssignments(read)].some(
        ({ file, line, name }) => file === place.file && line === place.line && name === place.name,
      );
      if (has && secretFor(read, place.name) === null) keeping.push(unit);
    }
    if (keeping.length > 0)
      left.push({
        selected: one,
        reason: `${lineText(place.file, place.line, place.name)} is a variable of ${keeping.map((unit) => basename(unit)).join(", ")} too, and stays there`,
        hint: cmd`unsprawl plan systemd:${dirname(subjectId)} --to STORE moves it for all of them`,
      });
  }
  return left;
}

const key = (unit: string, { file, line, name }: { file: string; line: number; name: string }): string =>
  JSON.stringify([unit, file, line, name]);
