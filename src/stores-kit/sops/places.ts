import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { StoreKey } from "../../model/plan.ts";
import { fileError } from "../../kit/io/error.ts";
import { mustLead } from "./ground.ts";
import { recipientsOf, type DataKeys } from "./keys.ts";
import { joinField, NAME_PATTERN, subjectFile } from "./names.ts";
import { isOurs } from "./create.ts";
import { templateForms } from "../names.ts";
import { readDocument } from "./formats.ts";
import { openFile, readWhole } from "./open.ts";
import { listValues } from "./store.ts";

/** What temporary files of a SOPS file are called (src/kit/io/atomic.ts), and what locks of earlier versions were. */
const NOT_OURS = /\.lock(\.[0-9a-f]+)*(\.claim)?$|^\..*\.[0-9a-f]+\.tmp$/;

/**
 * The keys of every value that the template reaches and `what` names: an absolute file or one from `dir`, the
 * beginning of one, or a subject; empty means all. In order of the files and of the values in them.
 */
export async function listKeys(
  template: string,
  what: string,
  dir: string,
  keys: DataKeys,
  omits: (path: string) => void = () => undefined,
): Promise<readonly StoreKey[]> {
  const found: StoreKey[] = [];
  const begins = what === "" ? "" : resolve(dir, what);
  const mine = what === "" ? null : subjectFile(template, what);
  const files = await templateFiles(template);
  if (files.length === 0) await mustLead(dirname(`${template.split("{", 1)[0] ?? ""}x`));
  for (const file of files) {
    const whole = file.startsWith(begins) || file === mine;
    // One file for all: a subject is a map in it.
    if (!whole && template.includes("{subject}")) continue;
    for (const path of await listValues(file, keys, () => omits(file)))
      if (whole || path[0] === what) found.push({ path: file, field: joinField(path) });
  }
  return found;
}

/** The files that are there and that the template gives for some names, but for test values. */
export async function templateFiles(template: string): Promise<readonly string[]> {
  return (await allFiles(template)).filter((file) => !PROBE.test(file));
}

/** The files of test values that checks left behind which were killed: whoever checks now has younger ones. */
export async function leftProbes(template: string): Promise<readonly string[]> {
  const probes = (await allFiles(template)).filter((file) => PROBE.test(file));
  const since = Date.now() - OLD_MS;
  const written = await Promise.all(probes.map(async (file) => (await stat(file).catch(() => null))?.mtimeMs));
  return probes.filter((_, at) => (written[at] ?? since) < since);
}

/** What a check calls its subject: see `probeStore`. */
const PROBE = /unsprawl-check-[0-9a-f]{8}(?=[/.]|$)/;
const OLD_MS = 10 * 60_000;

async function allFiles(template: string): Promise<readonly string[]> {
  const files = await Promise.all(templateForms(template).map(formFiles));
  return [...new Set(files.flat())].sort();
}

async function formFiles(form: string): Promise<readonly string[]> {
  let places = ["/"];
  const parts = form.split("/").slice(1);
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    places = (await Promise.all(places.map((place) => inside(place, part)))).flat();
    const kinds = await Promise.all(places.map((place) => stat(place).catch(() => null)));
    places = places.filter((_, at) => (last ? kinds[at]?.isFile() : kinds[at]?.isDirectory()));
  }
  return places;
}

/**
 * Whether unsprawl keeps values in a file of this template: it made the file, for one of these recipients and for nobody
 * else, as `isForUs` says. A file of others says nothing of where values go.
 */
export async function isInUse(template: string, recipients: readonly string[], keys: DataKeys): Promise<boolean> {
  if (recipients.length === 0) return false;
  for (const file of await templateFiles(template)) {
    // A folder may hold many files of others.
    const text = await readFile(file, "utf8").catch(() => "");
    if (!recipients.some((recipient) => text.includes(recipient))) continue;
    const opened = await openFile(file, keys).catch(() => null);
    if (opened === null || !isOurs(opened.document, opened.dataKey)) continue;
    if (await isForUs(file, keys)) return true;
  }
  return false;
}

/**
 * Whether a file was made here, or opens for nobody whom neither the store's settings nor the environment name. What lies beside it,
 * as a creation rule does, comes with a clone and says nothing of that.
 */
export async function isForUs(file: string, keys: DataKeys): Promise<boolean> {
  const text = await readWhole(file);
  if (text === null) return true;
  const document = await readDocument(text, file);
  if (await keys.made.has(document)) return true;
  const own = new Set(await keys.names());
  return recipientsOf(document).every((name) => own.has(name));
}

async function inside(folder: string, part: string): Promise<readonly string[]> {
  if (!part.includes("{")) return [join(folder, part)];
  const pattern = part
    .split(/\{(?:subject|project|name)\}/)
    .map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(NAME_PATTERN);
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if ((error as { code?: unknown }).code === "ENOENT") return [];
    throw fileError(error, folder);
  });
  const expression = new RegExp(`^${pattern}$`);
  return names.filter((name) => expression.test(name) && !NOT_OURS.test(name)).map((name) => join(folder, name));
}
