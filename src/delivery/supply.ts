import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ConsumerIndex, Supplies } from "../contract/supplies.ts";
import { belowFolder } from "../kit/io/name.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Consumer } from "../model/consumer.ts";
import { Secret } from "../model/secret.ts";
import { shimFile } from "./shim.ts";
import { isSupplyFolder, memoryRoot, ownerHere, partName, writeFiles } from "./tmpfs.ts";

/** No link is followed, and no pipe is waited for. */
const NO_TRAP = constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** In bytes: more than any store holds in one value. */
const LARGEST = 64 * 1024 * 1024;

/** The files of values on this host, below the folder for values on tmpfs. */
export function suppliesOf(env: NodeJS.ProcessEnv, index: ConsumerIndex): Supplies {
  return {
    index,
    mayHold: (folder) => isSupplyFolder(env, folder),
    write: (consumer, values) => supply(env, consumer, values),
    read: suppliedValue,
    remove: (folder, names) => withdraw(env, folder, names),
  };
}

/**
 * Writes a consumer's files on tmpfs and returns the names of the values that were not there, or were other bytes.
 * Idempotent; needs neither the engine nor the image. Throws `refused` for a folder that is not one for values, `absent`
 * when `values` lacks one of the consumer's.
 */
function supply(env: NodeJS.ProcessEnv, consumer: Consumer, values: ReadonlyMap<string, Secret>): readonly string[] {
  const { folder, owner } = consumer;
  mustBeFolder(env, folder);
  memoryRoot(env);
  const wanted = consumer.values.map(({ name, reference }) => {
    const content = values.get(name);
    if (content !== undefined) return { name, content, mode: 0o400, holdsValue: true };
    throw new UnsprawlError("absent", `the value of ${reference} is not available`, "unsprawl render again");
  });
  const changed = wanted.filter(({ name, content }) => suppliedValue(folder, name)?.equals(content) !== true);
  // A file that is mounted by itself is the same file until the container starts again: it is written where it is.
  const inPlace = isMountedByFile(env, folder) ? changed.filter((one) => overwrite(consumer, one)) : [];
  // One of the owner before could not be read by the present one.
  const anew = wanted.filter((one) => !inPlace.includes(one) && (changed.includes(one) || !isOf(consumer, one.name)));
  const script = consumer.script ? [shimFile(consumer.values.map(({ name }) => name))] : [];
  if (anew.length + script.length > 0) writeFiles(folder, owner, [...script, ...anew]);
  // A writer that was killed may have left a part of a value that is not written again.
  for (const { name } of wanted) rmSync(belowFolder(folder, partName(name)), { force: true });
  return changed.map(({ name }) => name);
}

function withdraw(env: NodeJS.ProcessEnv, folder: string, names: readonly string[]): void {
  mustBeFolder(env, folder);
  for (const name of names)
    for (const file of [name, partName(name)]) rmSync(belowFolder(folder, file), { force: true });
  for (const empty of [folder, dirname(folder)]) {
    try {
      rmdirSync(empty);
    } catch {
      return; // others are in it, or it is gone already
    }
  }
}

/**
 * What a consumer has now; null where there is no file of a value's size. Follows no link and waits for nobody: who can
 * write to a folder might put a pipe there.
 */
function suppliedValue(folder: string, name: string): Secret | null {
  try {
    const fd = openSync(join(folder, name), constants.O_RDONLY | NO_TRAP);
    try {
      const stat = fstatSync(fd);
      return stat.isFile() && stat.size <= LARGEST ? Secret.of(readFileSync(fd)) : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function isOf({ folder, owner }: Consumer, name: string): boolean {
  const { uid, gid } = ownerHere(owner);
  const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
  return stat?.uid === uid && stat.gid === gid;
}

/** Replaces the bytes of a file that is there and is the owner's; false when it has to be made. */
function overwrite({ folder, owner }: Consumer, one: { readonly name: string; readonly content: Secret }): boolean {
  let fd: number;
  try {
    fd = openSync(join(folder, one.name), constants.O_WRONLY | NO_TRAP);
  } catch {
    return false;
  }
  try {
    const [stat, { uid, gid }] = [fstatSync(fd), ownerHere(owner)];
    if (!stat.isFile() || stat.uid !== uid || stat.gid !== gid || stat.nlink !== 1) return false;
    const bytes = one.content.expose();
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at);
    ftruncateSync(fd, bytes.length);
    fsyncSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

function isMountedByFile(env: NodeJS.ProcessEnv, folder: string): boolean {
  return folder.startsWith(`${memoryRoot(env)}/compose/`);
}

function mustBeFolder(env: NodeJS.ProcessEnv, folder: string): void {
  if (isSupplyFolder(env, folder)) return;
  throw new UnsprawlError("refused", `${JSON.stringify(folder)} is not a folder for values`, "unsprawl doctor");
}
