import type { ProviderContext } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import { creationRule } from "./creation-rules.ts";
import type { KeyGroups, NewMetadata, SopsDocument, SopsKey } from "./document.ts";
import { groupsOf, keyName, oneGroup, splitText } from "./groups.ts";
import type { Identities } from "./identity.ts";
import { causeText, openGroups, wrapForGroups, type DataKeys, type KeyHolders } from "./keys.ts";
import { splitError } from "./readers.ts";

/** What a store of SOPS files knows about its keys. */
export type StoreKeys = {
  readonly identities: Identities;
  readonly service: ProviderContext["keyService"];
  /** The kind that is asked first; `age` if the store names none. */
  readonly first?: string;
  /** For whom a file is encrypted that no creation rule names keys for. With `make`, a missing one is made. */
  own(make: boolean, file?: string): Promise<readonly SopsKey[]>;
  /** Whether `own` counts even where a rule names others, as sops's flags do. Default: false. */
  readonly named?: boolean;
  /** Who reads the store's files besides, whatever a rule says. */
  readers?(): Promise<readonly SopsKey[]>;
};

/**
 * Data keys wrapped as the creation rule of a file says, otherwise for the store's own keys and readers; opened by whichever key of
 * the file can be used here.
 */
export function ruledKeys(store: StoreKeys): DataKeys {
  const { identities, first = "age" } = store;
  const holders: KeyHolders = { identities, first, service: async (kind) => (await store.service?.(kind)) ?? null };
  return {
    async wrap(dataKey, file, before) {
      const { from, settings, ...keys } = await plan(file, store, true);
      const wrapped = await wrapForGroups(dataKey, keys, holders, before === undefined ? [] : heldIn(before));
      if (from !== null) await mustOpen(wrapped, dataKey, file, from, holders);
      return { ...wrapped, ...(settings === null ? {} : { settings }) };
    },
    async recipients(file) {
      const { groups, threshold, from } = await plan(file, store, false);
      return { names: groups.flat().map(keyName), split: splitText({ groups, threshold }), from };
    },
    async names() {
      const loaded = (await identities.load()).map(({ recipient }) => ageKey(recipient));
      return distinct([...(await store.own(false)), ...loaded, ...((await store.readers?.()) ?? [])]).map(keyName);
    },
    unwrap: (document) => openGroups(groupsOf(document), document.file, holders),
  };
}

/** The key of an age recipient. */
export function ageKey(recipient: string): SopsKey {
  return { kind: "age", fields: { recipient } };
}

type KeyPlan = KeyGroups & { readonly from: string | null; readonly settings: NewMetadata | null };

async function plan(file: string, store: StoreKeys, make: boolean): Promise<KeyPlan> {
  const [rule, also] = [await creationRule(file), (await store.readers?.()) ?? []];
  const settings = rule?.settings ?? null;
  if (rule === null || store.named === true || rule.groups.flat().length === 0)
    return { ...oneGroup(distinct([...(await store.own(make, file)), ...also])), from: null, settings };
  const [group = []] = rule.groups;
  if (rule.groups.length > 1 && also.length > 0) throw splitError(file);
  const groups = rule.groups.length > 1 ? rule.groups : [distinct([...group, ...also])];
  return { groups, threshold: rule.threshold, from: rule.from, settings };
}

function distinct(keys: readonly SopsKey[]): readonly SopsKey[] {
  return [...new Map(keys.map((key) => [keyName(key), key])).values()];
}

/** A file of one key group keeps its data key, so that what is there holds it still. */
function heldIn(document: SopsDocument): readonly SopsKey[] {
  const { groups } = groupsOf(document);
  return groups.length > 1 ? [] : groups.flat();
}

/** A file that nobody here can open again would be a value lost. */
async function mustOpen(
  keys: KeyGroups,
  dataKey: Buffer,
  file: string,
  from: string,
  holders: KeyHolders,
): Promise<void> {
  try {
    if ((await openGroups(keys, file, holders)).equals(dataKey)) return;
    throw new UnsprawlError("malformed", "what they decrypt is another data key", "sops updatekeys");
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    throw new UnsprawlError(
      error.code === "denied" ? "refused" : error.code,
      `${from} encrypts for keys that cannot be used here: ${error.message}`,
      error.hint,
      causeText(error),
    );
  }
}
