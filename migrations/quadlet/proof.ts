import { REFERENCE_LABEL } from "../../src/engine/consumer-labels.ts";
import { parseEntries } from "../../src/files/env-file.ts";
import { parseSystemdEnv } from "../../src/files/units/systemd-env.ts";
import { assignmentsIn } from "../../src/files/units/unit-environment.ts";
import { parseUnit } from "../../src/files/units/unit-file.ts";
import type { SystemdUnit } from "../../src/files/units/unit-model.ts";
import type { HealthCommand } from "./health.ts";

/** Whether everything but the words or lines that begin at these offsets, and the new secrets, is read as before. */
export function readsTheSame(
  units: readonly SystemdUnit[],
  file: string,
  before: string,
  after: string,
  { gone, checks }: { readonly gone: ReadonlySet<number>; readonly checks: readonly HealthCommand[] },
): boolean {
  const isUnit = units.some(({ texts }) => texts.some((text) => text.file === file));
  if (!isUnit) {
    const isRead = (bySystemd: boolean): boolean =>
      units.some(({ service, assignments }) => (bySystemd ? service : assignments).some((one) => one.file === file));
    return [true, false].every(
      (bySystemd) =>
        !isRead(bySystemd) || entriesIn(before, gone, bySystemd) === entriesIn(after, new Set(), bySystemd),
    );
  }
  const secrets = secretsIn(before);
  return (
    wordsIn(file, before, gone) === wordsIn(file, after, new Set()) &&
    othersIn(before, file, checks) === othersIn(after, file, []) &&
    secretsIn(after)
      .filter((one) => secrets.includes(one))
      .join("\n") === secrets.join("\n")
  );
}

function secretsIn(text: string): string[] {
  return parseUnit(text)
    .filter(({ section, key }) => section === "Container" && key === "Secret")
    .map(({ value }) => value);
}

/** As the service's manager reads them, or as podman does. */
function entriesIn(text: string, gone: ReadonlySet<number>, bySystemd: boolean): string {
  const entries = bySystemd ? parseSystemdEnv(text) : parseEntries(text, "docker");
  const stays = entries.filter(({ start }) => !gone.has(start));
  return stays.map(({ name, value }) => JSON.stringify([name, value])).join("\n");
}

function wordsIn(file: string, text: string, gone: ReadonlySet<number>): string {
  return assignmentsIn(file, text, "Container")
    .filter(({ by }) => by.kind === "word" && !gone.has(by.word.start))
    .map(({ name, value }) => `${name}=${value}`)
    .join("\0");
}

/** The settings that are neither variables nor secrets, nor say where one comes from; health checks as they will be. */
function othersIn(text: string, file: string, checks: readonly HealthCommand[]): string {
  return parseUnit(text)
    .filter(({ section, key }) => section !== "Container" || !["Environment", "Secret"].includes(key))
    .filter(({ key, value }) => key !== "Label" || !new RegExp(`^"?${REFERENCE_LABEL}`).test(value))
    .map(({ section, key, value, start }) => {
      const check = checks.find(({ by, setting }) => by.file === file && setting.start === start);
      return `${section} ${key} ${check?.value ?? value}`;
    })
    .join("\0");
}
