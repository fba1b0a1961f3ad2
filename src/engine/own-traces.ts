import { encodedForms } from "../kit/text/redact.ts";
import { isPlain, type Secret } from "../model/secret.ts";
import type { Engine } from "./engine.ts";
import { containerFile, containerHasFile } from "./files.ts";
import { openLog } from "./logs.ts";
import { writtenPaths } from "./losses.ts";
import type { ContainerDoc } from "./types.ts";

/** How much of the log's beginning is read, in bytes, and how many of the files in the container's own layer. */
const [MOST_OF_LOG, MOST_FILES] = [1024 * 1024, 50];

/** What the application itself has shown, and where that could not be looked for; texts without a value. */
export type OwnTraces = {
  /** `its log shows DB_PASSWORD`. */
  readonly shown: readonly string[];
  /** `its log`, `its log beyond the first MiB`. */
  readonly unseen: readonly string[];
};

/**
 * Which of these values the application itself has shown since its start: in its log, which the engine keeps, and in files of
 * the container's own layer, such as a configuration that its entrypoint fills in. A beginning is looked at. A plain word
 * may be there by chance and does not count.
 */
export async function ownTraces(
  engine: Engine,
  doc: ContainerDoc,
  values: ReadonlyMap<string, Secret>,
  signal: AbortSignal,
): Promise<OwnTraces> {
  const needles = [...values].flatMap(([name, value]) => (isPlain(value) ? [] : [{ name, forms: formsOf(value) }]));
  if (needles.length === 0) return { shown: [], unseen: [] };
  const shownIn = (bytes: Buffer): readonly string[] =>
    needles.flatMap(({ name, forms }) => (forms.some((form) => bytes.includes(form)) ? name : []));
  const log = await beginningOfLog(engine, doc, signal);
  const inLog = shownIn(log.bytes);
  const shown = inLog.length > 0 ? [`its log shows ${inLog.join(", ")}`] : [];
  const unseen = log.unseen === null ? [] : [log.unseen];
  try {
    const paths = await writtenPaths(engine, doc);
    if (paths.length > MOST_FILES) unseen.push(`its own layer beyond ${MOST_FILES} files`);
    for (const path of paths.slice(0, MOST_FILES)) {
      const bytes = await containerFile(engine, doc.Id, path);
      if (bytes === null) {
        if (await containerHasFile(engine, doc.Id, path)) unseen.push("large files in its own layer");
        continue;
      }
      const names = shownIn(bytes);
      if (names.length > 0) shown.push(`a file in its own layer shows ${names.join(", ")}`);
    }
  } catch {
    signal.throwIfAborted(); // no reason to undo a migration
    unseen.push("its own layer");
  }
  return { shown: [...new Set(shown)], unseen: [...new Set(unseen)] };
}

function formsOf(value: Secret): readonly Buffer[] {
  const text = value.expose().toString("utf8").trim();
  return [text, ...encodedForms(Buffer.from(text), text)]
    .filter((form) => form.length >= 4)
    .map((form) => Buffer.from(form));
}

async function beginningOfLog(
  engine: Engine,
  doc: ContainerDoc,
  signal: AbortSignal,
): Promise<{ readonly bytes: Buffer; readonly unseen: string | null }> {
  const { LogConfig } = doc.HostConfig as { readonly LogConfig?: { readonly Type?: string } };
  if (LogConfig?.Type === "none") return { bytes: Buffer.alloc(0), unseen: null };
  const late = AbortSignal.timeout(LONGEST_MS);
  const chunks: Buffer[] = [];
  let size = 0;
  let unseen: string | null = null;
  try {
    const log = await openLog(engine, doc.Id, {
      tty: doc.Config.Tty === true,
      tail: null,
      signal: AbortSignal.any([signal, late]),
    });
    for await (const { bytes } of log ?? []) {
      chunks.push(bytes);
      size += bytes.length;
      if (size > MOST_OF_LOG) {
        unseen = "its log beyond the first MiB";
        break;
      }
    }
    if (log === null || late.aborted) unseen ??= "its log";
  } catch {
    signal.throwIfAborted(); // a driver that keeps its log elsewhere
    unseen = "its log";
  }
  return { bytes: Buffer.concat(chunks), unseen };
}

const LONGEST_MS = 10_000;
