import type { RunChange } from "../../../src/contract/delivery.ts";
import { isOurDriver } from "../../../src/engine/plugin/questions.ts";
import type { ComposeChange } from "../delivery/change.ts";
import { withoutRelabelled } from "../labels/index.ts";
import { differences, itemsOf, type DocumentFields } from "../../../src/engine/recreate/compare.ts";
import { fieldsOf, type NamesById } from "../../../src/engine/recreate/fields.ts";
import { AS_IT_WAS, countsByItem, DELIVERED, FILLED, NO_MORE_RIGHTS } from "../../../src/engine/recreate/rights.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { keyedDigest, type FingerprintKey } from "../../../src/model/fingerprint.ts";

/** What a container is and may do, by field: keyed digests of each field's items, so that a journal may contain it. */
export type ContainerFrame = DocumentFields;

/** What a frame leaves out, or takes for the same. */
export type FrameOptions = {
  readonly change: ComposeChange;
  /** The variables that move. */
  readonly moved: readonly string[];
  /** Whether the container has the delivery, which then is no part of its frame. */
  readonly delivered: boolean;
  /**
   * The containers whose namespaces and volumes it shares, since Compose may have recreated them too, and networks:
   * Compose joins an external one by its id, which the engine shows until the container is started.
   */
  readonly names: NamesById;
  readonly key: FingerprintKey;
};

/**
 * The frame of a container without its delivery: the delivery's variables are left out. With `delivered` its other
 * changes are removed as well, so that the frames of the old and new container are equal if only the delivery changed.
 */
export function frameOf(doc: ContainerDoc, { change, moved, delivered, names, key }: FrameOptions): ContainerFrame {
  const bare = delivered ? withoutDelivery(doc, change) : withoutEarlier(doc, change);
  const worded = withoutRelabelled(change.reworded === true ? withoutWords(bare) : bare, change.relabelled);
  const left = new Set([...moved, ...change.unset, ...change.set.map(({ name }) => name)]);
  const fields = fieldsOf(withoutVariables(worded, left), names);
  const present = [...new Set((doc.Config.Env ?? []).map(nameIn).filter((name) => left.has(name)))];
  const all = delivered ? fields : { ...fields, [DELIVERED]: itemsOf(present) };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, items]) => items.length > 0)
      .map(([field, items]) => [field, digests(field, items, key)]),
  );
}

/** The expected frame of the new container: the old one's with the changes that `delivered` does not remove. */
export function withDelivery(
  { [DELIVERED]: _gone, ...frame }: ContainerFrame,
  { runtime }: RunChange,
  key: FingerprintKey,
): ContainerFrame {
  return runtime === null ? frame : { ...frame, [RUNTIME]: digests(RUNTIME, itemsOf(runtime), key) };
}

const RUNTIME = "HostConfig.Runtime";

/**
 * A digest per item for fields in which rights depend on single items, otherwise one for the whole field, so that
 * values cannot be guessed one by one.
 */
function digests(field: string, items: readonly string[], key: FingerprintKey): string[] {
  const texts = countsByItem(field) ? items : [items.toSorted().join("\0")];
  return texts.map((item) => keyedDigest(`${field}\0${item}`, key)).sort();
}

/**
 * The fields in which the new container differs. With `drift` settings may differ, but never in a way that gives a
 * container more rights. Fields equal to `filled`, the engine's present defaults, do not count: nobody configured them.
 */
export function frameDifferences(
  old: ContainerFrame,
  fresh: ContainerFrame,
  drift: boolean,
  filled: ContainerFrame | null = null,
): string[] {
  const isDefault = (field: string): boolean =>
    filled !== null && isFilled(field) && (filled[field] ?? []).join() === (fresh[field] ?? []).join();
  return differences(old, fresh, drift ? NO_MORE_RIGHTS : AS_IT_WAS)
    .filter((field) => !isDefault(field))
    .sort();
}

/** Fields that the engine fills in according to its configuration and version. */
export const isFilled = (field: string): boolean => FILLED.has(field);

/** Compose's internal labels, except those that identify the project and service. */
const BOOKKEEPING = /^com\.docker\.compose\.(?!(?:project|service|oneoff)$)/;

/** A container without these variables, and without Compose's bookkeeping. */
function withoutVariables(doc: ContainerDoc, left: ReadonlySet<string>): ContainerDoc {
  const { Env, Labels } = doc.Config;
  const own = Object.entries(Labels ?? {}).filter(([label]) => !BOOKKEEPING.test(label));
  const Config = {
    ...doc.Config,
    Env: (Env ?? []).filter((entry) => !left.has(nameIn(entry))),
    Labels: Object.fromEntries(own),
  };
  return { ...doc, Config };
}

const nameIn = (entry: string): string => entry.split("=", 1)[0] ?? "";

function withoutDelivery(doc: ContainerDoc, change: RunChange): ContainerDoc {
  if (change.mounts.some(({ volume }) => volume !== undefined))
    return withoutDriverVolume(withoutPrefix(doc, change.entrypointPrefix, change.healthcheckPrefix));
  const { HostConfig } = doc;
  const ours = (source: unknown, target: unknown, readOnly: boolean): boolean =>
    readOnly && change.mounts.some((one) => one.source === source && one.target === target);
  const bare = withoutPrefix(doc, change.entrypointPrefix, change.healthcheckPrefix);
  return {
    ...bare,
    HostConfig: {
      ...HostConfig,
      Mounts: (HostConfig.Mounts ?? []).filter((one) => !ours(one.Source, one.Target, one["ReadOnly"] === true)),
    },
    Mounts: (doc.Mounts ?? []).filter((one) => !ours(one.Source, one.Destination, one.RW === false)),
  };
}

/** A container without its volume of our driver, which has another name once its references are others. */
function withoutDriverVolume(doc: ContainerDoc): ContainerDoc {
  const { HostConfig } = doc;
  const ours = new Set((doc.Mounts ?? []).flatMap(({ Driver = "", Name = "" }) => (isOurDriver(Driver) ? Name : [])));
  return {
    ...doc,
    HostConfig: {
      ...HostConfig,
      Mounts: (HostConfig.Mounts ?? []).filter(({ Source = "" }) => !ours.has(Source)),
      Binds: (HostConfig.Binds ?? []).filter((bind) => !ours.has(bind.split(":")[0] ?? "")),
    },
    Mounts: (doc.Mounts ?? []).filter(({ Name = "" }) => !ours.has(Name)),
  };
}

/** A container whose entrypoint an earlier run has wrapped: the new prefix takes the place of that one. */
function withoutEarlier(whole: ContainerDoc, { earlier = [], healthcheckPrefix, mounts }: ComposeChange): ContainerDoc {
  const doc = mounts.some(({ volume }) => volume !== undefined) ? withoutDriverVolume(whole) : whole;
  return earlier.length === 0 ? doc : withoutPrefix(doc, earlier, healthcheckPrefix === null ? null : earlier);
}

/** A container whose own words change by the files, which are compared themselves. */
function withoutWords(doc: ContainerDoc): ContainerDoc {
  const { Config } = doc;
  const check = Config.Healthcheck ? { Healthcheck: { ...Config.Healthcheck, Test: [] } } : {};
  return { ...doc, Config: { ...Config, Entrypoint: [], Cmd: [], ...check } };
}

function withoutPrefix(
  doc: ContainerDoc,
  entrypoint: readonly string[] | null,
  healthcheck: readonly string[] | null,
): ContainerDoc {
  const { Config } = doc;
  const test = Config.Healthcheck?.Test ?? [];
  const checks = healthcheck === null || test[0] !== "CMD" ? test : ["CMD", ...rest(test.slice(1), healthcheck)];
  return {
    ...doc,
    Config: {
      ...Config,
      Entrypoint: (entrypoint === null ? Config.Entrypoint : rest(Config.Entrypoint, entrypoint)) ?? null,
      ...(Config.Healthcheck ? { Healthcheck: { ...Config.Healthcheck, Test: checks } } : {}),
    },
  };
}

/** The words after a prefix; all words if they do not start with it. */
function rest(words: readonly string[] | null | undefined, prefix: readonly string[]): readonly string[] {
  const all = words ?? [];
  return prefix.every((word, at) => all[at] === word) ? all.slice(prefix.length) : all;
}
