import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * The drop-ins of a unit beside its main file, in the order in which they are read: systemd.unit(5) and
 * podman-systemd.unit(5). Of two with the same name the one of the more specific folder counts.
 */
export function dropInsOf(file: string): readonly string[] {
  const name = basename(file);
  const dot = name.lastIndexOf(".");
  const [stem, kind] = [name.slice(0, dot), name.slice(dot + 1)];
  const [prefix = "", instance] = stem.split("@", 2);
  const parts = prefix.split("-");
  const shorter = parts.slice(1).map((_, at) => `${parts.slice(0, at + 1).join("-")}-`);
  const template = instance === undefined || instance === "" ? [] : [`${prefix}@`];
  const folders = [kind, ...[...shorter, ...template, stem].map((one) => `${one}.${kind}`)];
  const found = new Map<string, string>();
  for (const folder of folders.map((one) => join(dirname(file), `${one}.d`)))
    for (const one of confsIn(folder)) found.set(one, join(folder, one));
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

function confsIn(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder).filter((one) => one.endsWith(".conf"));
}

/** Whether a drop-in is this unit's alone. */
export function isOwnDropIn(unit: string, file: string): boolean {
  return dirname(file) === `${unit}.d`;
}
