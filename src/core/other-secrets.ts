import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { foreignHand } from "../kit/io/foreign.ts";
import { realOrSame } from "../kit/io/real.ts";
import { bare, cmd } from "../kit/shell.ts";
import { containerOf, type Consumer, type SuppliedValue } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import { OTHER_SECRETS } from "./render-command.ts";
import { decided, hasOwnPath, ownNames } from "./supply-rights.ts";
import { supplyKey, type PlaceTools } from "./supply.ts";

/** A reference that a run configuration asks for, and that is not its own. */
export type OtherSecret = {
  readonly consumer: string;
  readonly name: string;
  readonly reference: string;
  /** Who could read the file: `UID:GID`, as the run configuration says. */
  readonly owner: string;
};

/**
 * What a named consumer asks for beyond its own: only with a person's consent to each. Its own is what this host's index
 * has for it, and what is at its path in the store (`apps/{project/}{subject}`). A file says by itself what its project
 * is called, so that counts only where nobody but you, root or the caller of sudo can have written it, and where no
 * other file of this host is that project. `named` is the file that was read, where the consumer does not say. Throws
 * what a store throws that has to be asked.
 */
export async function otherSecrets(
  one: Consumer,
  named: string | null,
  known: readonly Consumer[],
  tools: PlaceTools,
  env: NodeJS.ProcessEnv,
): Promise<readonly OtherSecret[]> {
  const file = containerOf(one) === null ? (one.origin ?? named) : null;
  const before = known.filter(({ id, origin }) => id === one.id && isSameFile(origin, one.origin));
  const isItself = containerOf(one) !== null || (file !== null && isOwnHand(file, env) && !isTaken(one, known));
  const others: OtherSecret[] = [];
  for (const value of one.values) {
    const { name, reference } = value;
    if (before.some(({ values }) => values.some((own) => own.name === name && own.reference === reference))) continue;
    const isOwn = async (): Promise<boolean> =>
      (await hasOwnPath(one, value, tools)) || (await isInOwnTree(one, value, file, tools, env));
    const answer = isItself && (await decided(one, value, isOwn));
    if (answer === true) continue;
    if (answer !== false) throw answer;
    others.push({ consumer: one.id, name, reference, owner: `${one.owner.uid}:${one.owner.gid}` });
  }
  return others;
}

/** `compose:shop/db asks for ref+vault://… (DB_PASSWORD, readable by 999:999)` */
export function otherSecretText({ consumer, name, reference, owner }: OtherSecret): string {
  return `${consumer} asks for ${reference} (${name}, readable by ${owner}), which is not its own`;
}

/** Without consent. */
export function otherSecretError(source: string, others: readonly OtherSecret[]): UnsprawlError {
  return new UnsprawlError(
    "refused",
    others.map(otherSecretText).join("; "),
    cmd`unsprawl render ${source} --accept ${OTHER_SECRETS}, if it may have ${bare(others.length === 1 ? "it" : "them")}`,
  );
}

const isSameFile = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined ? one === other : realOrSame(one) === realOrSame(other);

/** Whether another file of this host has this project, by the index. */
function isTaken({ id, origin }: Consumer, known: readonly Consumer[]): boolean {
  return known.some(
    (other) =>
      other.id === id && other.origin !== undefined && !isSameFile(other.origin, origin) && existsSync(other.origin),
  );
}

function isOwnHand(file: string, env: NodeJS.ProcessEnv): boolean {
  const real = realOrSame(file);
  return [real, dirname(real)].every((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && foreignHand(path, stats, env) === null;
  });
}

/** Whether a store's file lies in the project's own tree, is named like the consumer, and nobody else can have put it there. */
async function isInOwnTree(
  one: Consumer,
  value: SuppliedValue,
  file: string | null,
  tools: PlaceTools,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const names = ownNames(one);
  const place = file === null || names === null ? null : await supplyKey(value, one, tools);
  if (file === null || names === null || place === null || !isAbsolute(place.key.path)) return false;
  const path = realOrSame(place.key.path);
  if (!path.startsWith(treeOf(realOrSame(dirname(file))) + sep) || !isOwnHand(path, env)) return false;
  const [stem = ""] = basename(place.key.path).split(".");
  return stem === names.subject || place.provider.names(place.key).subject === names.subject;
}

/** The repository that a folder is in, or the folder itself. */
function treeOf(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at)) if (existsSync(join(at, ".git"))) return at;
  return folder;
}
