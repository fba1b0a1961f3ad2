import { encodedForms } from "../kit/text/redact.ts";
import { isPlain, type Secret } from "../model/secret.ts";
import type { Engine } from "./engine.ts";
import { containerFile } from "./files.ts";
import { openLog } from "./logs.ts";
import { writtenPaths } from "./losses.ts";
import type { ContainerDoc } from "./types.ts";

/** How much of the log's beginning is read, in bytes, and how many of the files in the container's own layer. */
const [MOST_OF_LOG, MOST_FILES] = [1024 * 1024, 50];

/**
 * Which of these values the application itself has shown since its start: in its log, which the engine keeps, and in files of
 * the container's own layer, such as a configuration that its entrypoint fills in. One text for each, without a value. A
 * beginning is looked at; what is left is residue's to find. A plain word may be there by chance and does not count.
 */
export async function ownTraces(
  engine: Engine,
  doc: ContainerDoc,
  values: ReadonlyMap<string, Secret>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const needles = [...values].flatMap(([name, value]) => (isPlain(value) ? [] : [{ name, forms: formsOf(value) }]));
  const shownIn = (bytes: Buffer): readonly string[] =>
    needles.flatMap(({ name, forms }) => (forms.some((form) => bytes.includes(form)) ? name : []));
  const inLog = shownIn(await beginningOfLog(engine, doc, signal));
  const found = inLog.length > 0 ? [`its log shows ${inLog.join(", ")}`] : [];
  try {
    for (const path of (await writtenPaths(engine, doc)).slice(0, MOST_FILES)) {
      const names = shownIn((await containerFile(engine, doc.Id, path)) ?? Buffer.alloc(0));
      if (names.length > 0) found.push(`a file in its own layer shows ${names.join(", ")}`);
    }
  } catch {
    signal.throwIfAborted(); // what cannot be looked at is residue's to say, and no reason to undo a migration
  }
  return [...new Set(found)];
}

function formsOf(value: Secret): readonly Buffer[] {
  const text = value.expose().toString("utf8").trim();
  return [text, ...encodedForms(Buffer.from(text), text)]
    .filter((form) => form.length >= 4)
    .map((form) => Buffer.from(form));
}

async function beginningOfLog(engine: Engine, doc: ContainerDoc, signal: AbortSignal): Promise<Buffer> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const log = await openLog(engine, doc.Id, { tty: doc.Config.Tty === true, tail: null, signal: stop });
    for await (const { bytes } of log ?? []) {
      chunks.push(bytes);
      size += bytes.length;
      if (size > MOST_OF_LOG) break;
    }
  } catch {
    signal.throwIfAborted(); // a driver that keeps its log elsewhere: residue names it
  }
  return Buffer.concat(chunks);
}

const LONGEST_MS = 10_000;
