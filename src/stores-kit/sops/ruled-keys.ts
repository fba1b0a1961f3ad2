import type { KeyFields, KeyService } from "../../contract/key-service.ts";
import type { ProviderContext } from "../../contract/provider.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { creationRule, type CreationRule } from "./creation-rules.ts";
import type { KeyGroups, SopsDocument, SopsKey } from "./document.ts";
import { groupsOf, keyName, oneGroup, splitText } from "./groups.ts";
import type { Identities } from "./identity.ts";
import type { MadeKeys } from "./made-keys.ts";
import { causeText, openGroups, wrapForGroups, type DataKeys, type KeyHolders } from "./keys.ts";
import { splitError } from "./readers.ts";

/** Of the setting `roles`. */
export const ROLES_TEXT = "the AWS roles that a file's or a creation rule's keys may be used as (sts:AssumeRole)";

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
  readonly made: MadeKeys;
  /** The roles that a key may be used as: a file or a rule names any, and whoever wrote it would choose whose rights are used. */
  readonly roles?: readonly string[];
};

/**
 * Data keys wrapped as the creation rule of a file says, otherwise for the store's own keys and readers; opened by whichever key of
 * the file can be used here.
 */
export function ruledKeys(store: StoreKeys): DataKeys {
  const { identities, made, first = "age" } = store;
  const holders: KeyHolders = {
    identities,
    first,
    service: async (kind) => withRoles((await store.service?.(kind)) ?? null, store.roles ?? []),
  };
  return {
    async wrap(dataKey, file, before) {
      const { from, rule, ...keys } = await plan(file, store, true);
      const wrapped = await wrapForGroups(dataKey, keys, holders, before === undefined ? [] : heldIn(before));
      await mustOpen(wrapped, dataKey, file, from, holders);
      return { ...wrapped, ...(rule === null ? {} : { settings: rule.settings }) };
    },
    async wrapSame(dataKey, document) {
      const [{ groups, threshold }, also] = [groupsOf(document), (await store.readers?.()) ?? []];
      if (groups.length > 1 && also.length > 0) throw splitError(document.file);
      const [group = []] = groups;
      const all = also.length > 0 ? oneGroup(distinct([...group, ...also])) : { groups, threshold };
      const wrapped = await wrapForGroups(dataKey, all, holders);
      await mustOpen(wrapped, dataKey, document.file, null, holders);
      return wrapped;
    },
    async recipients(file) {
      const { groups, threshold, from, rule } = await plan(file, store, false);
      return { names: groups.flat().map(keyName), split: splitText({ groups, threshold }), from, rule };
    },
    async names() {
      const loaded = (await identities.load()).map(({ recipient }) => ageKey(recipient));
      return distinct([...(await store.own(false)), ...loaded, ...((await store.readers?.()) ?? [])]).map(keyName);
    },
    identities: async () => new Set((await identities.load()).map(({ recipient }) => keyName(ageKey(recipient)))),
    readers: async () => ((await store.readers?.()) ?? []).map(keyName),
    made,
    unwrap: (document) => openGroups(groupsOf(document), document.file, holders),
  };
}

function withRoles(service: KeyService | null, roles: readonly string[]): KeyService | null {
  if (service === null) return null;
  const mustMay = ({ role }: KeyFields): void => {
    if (typeof role !== "string" || role === "" || roles.includes(role)) return;
    throw new UnsprawlError(
      "denied",
      `a key is used as the role ${role}, which the store's configuration does not name`,
      cmd`roles: [${role}] in the store's configuration, if this role is yours to use`,
    );
  };
  return {
    async wrap(fields, dataKey) {
      mustMay(fields);
      return service.wrap(fields, dataKey);
    },
    async unwrap(fields, file) {
      mustMay(fields);
      return service.unwrap(fields, file);
    },
  };
}

/** The key of an age recipient. */
export function ageKey(recipient: string): SopsKey {
  return { kind: "age", fields: { recipient } };
}

type KeyPlan = KeyGroups & { readonly from: string | null; readonly rule: CreationRule | null };

async function plan(file: string, store: StoreKeys, make: boolean): Promise<KeyPlan> {
  const [rule, also] = [await creationRule(file), (await store.readers?.()) ?? []];
  if (rule === null || store.named === true || rule.groups.flat().length === 0)
    return { ...oneGroup(distinct([...(await store.own(make, file)), ...also])), from: null, rule };
  const [group = []] = rule.groups;
  if (rule.groups.length > 1 && also.length > 0) throw splitError(file);
  const groups = rule.groups.length > 1 ? rule.groups : [distinct([...group, ...also])];
  return { groups, threshold: rule.threshold, from: rule.from, rule };
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
  from: string | null,
  holders: KeyHolders,
): Promise<void> {
  try {
    if ((await openGroups(keys, file, holders)).equals(dataKey)) return;
    throw new UnsprawlError("malformed", "what they decrypt is another data key", "sops updatekeys");
  } catch (error) {
    if (!(error instanceof UnsprawlError) || from === null) throw error;
    throw new UnsprawlError(
      error.code === "denied" ? "refused" : error.code,
      `${from} encrypts for keys that cannot be used here: ${error.message}`,
      error.hint,
      causeText(error),
    );
  }
}
