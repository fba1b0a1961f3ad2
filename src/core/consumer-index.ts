import { lstatSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { atomicRemove, atomicWrite, contentDigest, hasTemps, sweepTemps } from "../kit/io/atomic.ts";
import { withFileLock } from "../kit/io/lock.ts";
import { mustBeKnownForm } from "../kit/io/form.ts";
import { isOnlyOurs } from "../kit/io/owner.ts";
import { jsonText } from "../kit/text/escape.ts";
import { cmd } from "../kit/shell.ts";
import type { ConsumerIndex } from "../contract/supplies.ts";
import type { Consumer } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";

const WAIT_MS = 20_000;

/** The index in this state folder, `consumers.json`. Safe against another process that writes it at the same time. */
export function consumerIndex(state: () => string): ConsumerIndex {
  const file = (): string => join(state(), "consumers.json");
  // Two runs at once, on two engines of this host, or a run beside the agent.
  const inTurn = (act: () => Promise<void>): Promise<void> => withFileLock(file(), act, WAIT_MS, state());
  const change = async (edit: (all: readonly Consumer[]) => readonly Consumer[]): Promise<void> => {
    const isSame = (text: string | null): boolean =>
      JSON.stringify(parse(text, file())) === JSON.stringify(edit(parse(text, file())));
    if (isSame(textOf(file()))) return;
    await inTurn(async () => {
      const text = textOf(file());
      if (isSame(text)) return;
      const consumers = edit(parse(text, file()));
      const expect = text === null ? null : contentDigest(text);
      await atomicWrite(file(), jsonText({ version: 1, consumers }), { expect });
    });
  };
  return {
    read: () => parse(textOf(file()), file()),
    add: async (consumers) => {
      const folders = new Set(consumers.map(({ folder }) => folder));
      await change((all) => [...all.filter(({ folder }) => !folders.has(folder)), ...consumers]);
    },
    remove: async (folders) => {
      await change((all) => all.filter(({ folder }) => !folders.includes(folder)));
      const text = textOf(file());
      const isNothing = text === null && !(await hasTemps(file()));
      if (!isNothing && parse(text, file()).length === 0) await inTurn(() => withoutEmpty(file()));
    },
  };
}

/**
 * Sets a file aside that is not an index, as `consumers.json.broken`, so that it is made again from labels and Compose
 * files. Returns its new name; null where there was nothing to do.
 */
export function setBrokenIndexAside(index: ConsumerIndex, state: string): string | null {
  try {
    index.read();
    return null;
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "malformed") throw error;
  }
  const file = join(state, "consumers.json");
  renameSync(file, `${file}.broken`);
  return `${file}.broken`;
}

/** An index of nothing goes, with what a killed writer left beside it: a rollback leaves the state folder as it was. */
async function withoutEmpty(file: string): Promise<void> {
  const text = textOf(file);
  if (parse(text, file).length > 0) return;
  await sweepTemps(file);
  if (text === null) return;
  try {
    await atomicRemove(file, { expect: contentDigest(text) });
  } catch (error) {
    // Another run has added to it meanwhile.
    if (!(error instanceof UnsprawlError) || error.code !== "changed") throw error;
  }
}

/** Throws `refused` if others than this user and root could have written it: it says which value goes to whom. */
function textOf(file: string): string | null {
  try {
    const open = [file, dirname(file)].find((path) => !isOnlyOurs(lstatSync(path)));
    if (open !== undefined)
      throw new UnsprawlError(
        "refused",
        `${file} is not used: others can write ${open}`,
        cmd`chmod go-w ${open}, once nobody has changed it; or rm ${file}, then: unsprawl render docker:`,
      );
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new UnsprawlError("failed", `${file} cannot be read`, cmd`ls -l ${file}`);
  }
}

function parse(text: string | null, file: string): readonly Consumer[] {
  if (text === null) return [];
  try {
    const { version, consumers } = JSON.parse(text) as { version: number; consumers: readonly Consumer[] };
    mustBeKnownForm(version, 1, file);
    if (version === 1 && Array.isArray(consumers) && consumers.every(isConsumer)) return consumers;
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    // The same as a file of another form.
  }
  throw new UnsprawlError(
    "malformed",
    `${file} is not an index of consumers`,
    cmd`rm ${file}, then: unsprawl render docker:`,
  );
}

function isConsumer(one: unknown): one is Consumer {
  const { id, delivery, folder, owner, values, script, stores } = (one ?? {}) as { [key in keyof Consumer]?: unknown };
  const texts = [id, delivery, folder].every((text) => typeof text === "string");
  const { uid, gid } = (owner ?? {}) as { readonly uid?: unknown; readonly gid?: unknown };
  const named = (value: unknown): boolean => {
    const { name, reference } = (value ?? {}) as { readonly name?: unknown; readonly reference?: unknown };
    return typeof name === "string" && typeof reference === "string";
  };
  return (
    texts &&
    [uid, gid].every(Number.isInteger) &&
    Array.isArray(values) &&
    values.every(named) &&
    typeof script === "boolean" &&
    Array.isArray(stores)
  );
}
