import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { ProjectContainer } from "../contract/supplies.ts";
import { bare, cmd } from "../kit/shell.ts";
import { consumerRef, type Consumer, type SuppliedValue } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import { renderCommand } from "./render-command.ts";
import { supplyKey, type PlaceTools } from "./supply.ts";
import { realOrSame } from "../kit/io/real.ts";

/** The consumers that may be served, and why others are not. */
export type OwnConsumers = { readonly consumers: readonly Consumer[]; readonly refused: readonly UnsprawlError[] };

/**
 * Of consumers that labels and Compose files describe, those that may be served without a person naming them. Authors
 * of labels or files could name any secret that unsprawl can read: a reference counts only if this host's index has it
 * for this consumer, or if its path in the store is the consumer's (`apps/{project/}{subject}`). A folder belongs to
 * the consumer that the index has for it, and to the Compose project whose containers mount it.
 */
export async function ownConsumers(
  found: readonly Consumer[],
  known: readonly Consumer[],
  containers: readonly ProjectContainer[],
  tools: PlaceTools,
): Promise<OwnConsumers> {
  const { consumers: mine, refused } = inOwnFolders(found, known, containers);
  const consumers: Consumer[] = [];
  const foreign: UnsprawlError[] = [];
  for (const one of mine) {
    const error = foreignProject(one, known, containers) ?? (await foreignValue(one, known, tools));
    if (error === null) consumers.push(one);
    else foreign.push(error);
  }
  return { consumers, refused: [...refused, ...foreign] };
}

/**
 * The same for consumers that a person has named (`otherSecrets` says which of their references need consent): the folders of
 * others stay theirs. One that has in its folder just what another has, as a container has what the index has for its run
 * line, is served with it.
 */
export function inOwnFolders(
  found: readonly Consumer[],
  known: readonly Consumer[],
  containers: readonly ProjectContainer[],
): OwnConsumers {
  const all = [...known, ...found];
  const byFolder = Map.groupBy(all, ({ folder }) => folder);
  const consumers = new Set<Consumer>();
  const refused: UnsprawlError[] = [];
  for (const one of found) {
    const sharing = (byFolder.get(one.folder) ?? []).filter((of) => of === one || (of.id !== one.id && !isGone(of)));
    const another = sharing.find((holder) => !isSupplied(one, holder));
    const error = otherProject(one, all, containers);
    if (error !== null) refused.push(error);
    else if (another !== undefined) refused.push(otherFolder(one, another));
    else consumers.add(sharing[0] ?? one);
  }
  return { consumers: [...consumers], refused };
}

/** Whether a consumer's project has been moved or removed: then it is in nobody's way. */
const isGone = ({ origin }: Consumer): boolean => origin !== undefined && !existsSync(origin);

/** Whether the files of `holder` are those that `one` asks for. */
function isSupplied(one: Consumer, holder: Consumer): boolean {
  const isOwn = one.owner.uid === holder.owner.uid && one.owner.gid === holder.owner.gid;
  return isOwn && one.values.every((value) => hasValue(holder, value));
}

/**
 * Two projects of one name share a folder: what one has there, the other must not replace with its values. A
 * project whose files are gone has been moved or removed, and is in nobody's way.
 */
function otherProject(
  one: Consumer,
  all: readonly Consumer[],
  containers: readonly ProjectContainer[],
): UnsprawlError | null {
  const { id, folder, origin } = one;
  if (origin === undefined) return null;
  const rename = "give one of the two projects another name: in its file";
  const user = containers.find(
    (container) =>
      container.mounts.some((mount) => dirname(mount) === folder) &&
      !isOf(container, origin) &&
      container.files.some((file) => existsSync(file)),
  );
  if (user !== undefined)
    return new UnsprawlError(
      "refused",
      `${id}: ${user.name} mounts ${folder}, and is of the project in ${user.dir}`,
      rename,
    );
  for (const other of all) {
    const isAnother =
      other.folder === folder && other.id === id && other.origin !== undefined && other.origin !== origin;
    if (!isAnother || isGone(other)) continue;
    const references = new Map(other.values.map(({ name, reference }) => [name, reference]));
    const value = one.values.find(({ name, reference }) => (references.get(name) ?? reference) !== reference);
    if (value !== undefined)
      return new UnsprawlError(
        "refused",
        `${id}: ${value.name} in ${folder} is that of ${other.origin ?? ""}, and another one here`,
        rename,
      );
  }
  return null;
}

/**
 * Any file can call its project `shop`, and a label can name any file: without a person's word a project's folders are
 * those of the file that the index has for them, or whose containers mount some of them.
 */
function foreignProject(
  one: Consumer,
  known: readonly Consumer[],
  containers: readonly ProjectContainer[],
): UnsprawlError | null {
  const { id, folder, origin } = one;
  if (origin === undefined) return null;
  const isKnown = known.some(
    (own) =>
      own.id === id &&
      own.folder === folder &&
      own.origin !== undefined &&
      realOrSame(own.origin) === realOrSame(origin),
  );
  const isMounted = containers.some(
    (container) =>
      isOf(container, origin) && container.mounts.some((mount) => dirname(dirname(mount)) === dirname(folder)),
  );
  if (isKnown || isMounted) return null;
  return new UnsprawlError(
    "refused",
    `${id}: no container of ${origin} mounts a file below ${dirname(folder)}`,
    cmd`${bare(renderCommand(one))}, if the project is its own`,
  );
}

function isOf({ dir, files }: Pick<ProjectContainer, "dir" | "files">, origin: string): boolean {
  return (
    realOrSame(dir) === realOrSame(dirname(origin)) || files.some((file) => realOrSame(file) === realOrSame(origin))
  );
}

async function foreignValue(
  one: Consumer,
  known: readonly Consumer[],
  tools: PlaceTools,
): Promise<UnsprawlError | null> {
  const before = known.filter(({ id }) => id === one.id);
  for (const value of one.values) {
    if (before.some((own) => hasValue(own, value))) continue;
    const answer = await ownership(one, value, tools);
    if (answer === true) continue;
    if (answer !== false) return answer;
    return new UnsprawlError(
      "refused",
      `${one.id} asks for ${value.reference}, which no migration on this host gave it`,
      cmd`${bare(renderCommand(one))}, if it may have it`,
    );
  }
  return null;
}

/** Whom the OCI runtime gives values to, by everything that its bindings may call it. */
export type RuntimeConsumer = { readonly consumer: Consumer; readonly names: readonly string[] };

/**
 * The same for containers of the OCI runtime: a reference counts only if the runtime would resolve it (`isBound`), or if its
 * path in the store is the container's. Their labels are the author's word alone.
 */
export async function ownRuntimeConsumers<T extends RuntimeConsumer>(
  found: readonly T[],
  isBound: (names: readonly string[], variable: string, reference: string) => boolean,
  tools: PlaceTools,
): Promise<{ readonly consumers: readonly T[]; readonly refused: readonly UnsprawlError[] }> {
  const consumers: T[] = [];
  const refused: UnsprawlError[] = [];
  for (const one of found) {
    let error: UnsprawlError | null = null;
    for (const value of one.consumer.values) {
      if (isBound(one.names, value.name, value.reference)) continue;
      const answers = await Promise.all(one.names.map((id) => ownership({ ...one.consumer, id }, value, tools)));
      if (!answers.includes(true))
        error ??= answers.find((answer) => typeof answer !== "boolean") ?? unbound(one.consumer, value);
    }
    if (error === null) consumers.push(one);
    else refused.push(error);
  }
  return { consumers, refused };
}

function unbound({ id }: Consumer, { name, reference }: SuppliedValue): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${id} asks for ${reference}, which it may not use`,
    cmd`unsprawl runtime allow ${id} ${name} ${reference}, if it may have it`,
  );
}

/** `hasOwnPath`; an error of a store that must be asked for it, and does not answer. */
async function ownership(one: Consumer, value: SuppliedValue, tools: PlaceTools): Promise<boolean | UnsprawlError> {
  return decided(one, value, () => hasOwnPath(one, value, tools));
}

/** The same for another way to find out whose a value is. */
export async function decided(
  one: Consumer,
  value: SuppliedValue,
  isOwn: () => Promise<boolean>,
): Promise<boolean | UnsprawlError> {
  try {
    return await isOwn();
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
    if (!isUndecided(error)) return false;
    return new UnsprawlError(
      error.code,
      `${one.id} asks for ${value.reference}, and the store does not say whose it is: ${error.message}`,
      error.hint,
    );
  }
}

/** Whether a consumer is refused only until its store answers. */
export function isUndecided({ code }: UnsprawlError): boolean {
  return code === "unreachable" || code === "throttled";
}

/** Whether the path of a value in its store names this very consumer, and nobody else. Throws what the store throws. */
export async function hasOwnPath(one: Consumer, value: SuppliedValue, tools: PlaceTools): Promise<boolean> {
  const own = ownNames(one);
  // Without what came along with the run configuration: that is the author's word too.
  const place = await supplyKey(value, { ...one, stores: [] }, tools);
  if (place === null || own === null) return false;
  let names = place.provider.names(place.key);
  if (names.isGuess) {
    // web-admin-PASSWORD is web's or web-admin's: the store may have noted whose.
    await place.provider.get(place.key);
    names = place.provider.names(place.key);
  }
  return !names.isGuess && names.subject === own.subject && names.project === own.project;
}

/** What a consumer's values are stored under; null for one whose id does not say. */
export function ownNames(one: Pick<Consumer, "id">): { readonly project: string; readonly subject: string } | null {
  const ref = consumerRef(one);
  if (ref?.kind === "container") return { project: "", subject: ref.name };
  if (ref !== null) return { project: ref.project, subject: ref.service };
  const unit = /^systemd:(?:.*\/)?([^/]+?)@?\.\w+$/s.exec(one.id) ?? /^docker-run:.*:\d+ (\S+)$/s.exec(one.id);
  return unit?.[1] === undefined ? null : { project: "", subject: unit[1] };
}

const hasValue = ({ values }: Consumer, { name, reference }: SuppliedValue): boolean =>
  values.some((own) => own.name === name && own.reference === reference);

function otherFolder({ id, folder }: Consumer, holder: Consumer): UnsprawlError {
  return new UnsprawlError("refused", `${id}: ${folder} is the folder of ${holder.id}`, "unsprawl doctor");
}
