import { existsSync } from "node:fs";
import type { SystemdUnit } from "../../src/files/units/unit-model.ts";
import { bare, cmd } from "../../src/kit/shell.ts";

export type UnitDelivery = {
  /** The unit's main file. */
  readonly file: string;
  readonly deliver: "file" | "runtime";
  /** For `file`: where `LoadCredential=` reads the values. */
  readonly folder: string;
  /** For `file`: the name of the store that the references are of. */
  readonly store: string;
};

/** Where systemd looks for a command without a path: systemd.service(5). */
const SEARCHED = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];

/** What a person has to do, and to know, after a unit's files were rewritten. */
export function warningsFor(
  { name, texts }: SystemdUnit,
  { deliver }: UnitDelivery,
  names: readonly string[],
): string[] {
  const restart = cmd`the values stay in the process, in \`systemctl show ${name}\`, and for good in what the journal has logged of them, until: systemctl daemon-reload && systemctl restart ${name}`;
  if (deliver === "file")
    return [
      restart,
      `the application must read ${names.map((one) => `${one}_FILE`).join(", ")}; %d needs systemd 250 or later`,
      `the credentials' files are in memory: at boot \`unsprawl render --all\` must have run before ${name} starts`,
    ];
  const user = texts.flatMap(({ settings }) => settings).findLast(({ key }) => key === "User")?.value ?? "";
  const notes = [
    restart,
    `${user === "" ? "root" : user} opens the store when ${name} starts: its configuration and credentials must be where that user finds them (HOME, or Environment=)`,
  ];
  if (SEARCHED.every((dir) => !existsSync(`${dir}/unsprawl`)))
    notes.push(
      cmd`there is no unsprawl in ${bare(SEARCHED.join(", "))}, where systemd looks for it: link it there before the restart`,
    );
  return notes;
}
