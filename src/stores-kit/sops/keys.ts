import type { KeyService } from "../../contract/key-service.ts";
import type { ProviderContext } from "../../contract/provider.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { unwrapWithAge, wrapForAge } from "./age.ts";
import type { CreationRule } from "./creation-rules.ts";
import type { KeyGroups, NewMetadata, SopsDocument, SopsKey } from "./document.ts";
import { groupsOf, keyName } from "./groups.ts";
import type { Identities } from "./identity.ts";
import type { MadeKeys } from "./made-keys.ts";
import { combineShares, splitKey } from "./shamir.ts";

/** Who wraps the data key of a SOPS file: age identities, key management services, or several of them. */
export type DataKeys = {
  /** For a new file of this name, or one that is wrapped again. Throws what keeps this login from opening it again. */
  wrap(dataKey: Buffer, file: string, before?: SopsDocument): Promise<WrappedKeys>;
  /** Another data key for exactly the keys that a file has, and `readers`. */
  wrapSame(dataKey: Buffer, document: SopsDocument): Promise<KeyGroups>;
  /** Throws `denied` when this holder cannot open the file. */
  unwrap(document: SopsDocument): Promise<Buffer>;
  /**
   * For whom `wrap` wraps, as in `recipientsOf`, which groups of them are needed, and the creation rule behind that, if it is one;
   * `rule` is the file's, even if the keys are not by it.
   */
  recipients(file: string): Promise<{
    readonly names: readonly string[];
    readonly split: string | null;
    readonly from: string | null;
    readonly rule: Pick<CreationRule, "from" | "settings"> | null;
  }>;
  /** Whom the store's settings and identities name, as in `recipientsOf`: `age RECIPIENT`, `kms ARN`. */
  names(): Promise<readonly string[]>;
  /** The readers that unsprawl has issued for the store's files, as the OCI runtime of this host. */
  readers(): Promise<readonly string[]>;
  /** Those of `names` whose identities are here. */
  identities(): Promise<ReadonlySet<string>>;
  readonly made: MadeKeys;
};

/** The data key, wrapped, and what a new file says beside it if not the usual. */
export type WrappedKeys = KeyGroups & { readonly settings?: NewMetadata };

/** Who can be asked to wrap and to open: age identities here, and the services of all other kinds. */
export type KeyHolders = {
  readonly identities: Identities;
  readonly service: NonNullable<ProviderContext["keyService"]>;
  /** The kind that is asked first. */
  readonly first: string;
};

/** SOPS makes a share one byte longer than the data key. */
const DATA_KEY_BYTES = 32;

/**
 * Wraps the data key, or a share of it for each group, for every key. `kept` are keys that hold it already: they stand in for those
 * that unsprawl cannot wrap for (PGP). Throws `refused` for such a key, and for groups that cannot be.
 */
export async function wrapForGroups(
  dataKey: Buffer,
  { groups, threshold }: KeyGroups,
  holders: KeyHolders,
  kept: readonly SopsKey[] = [],
): Promise<KeyGroups> {
  const isSplit = groups.length > 1;
  const needed = threshold ?? groups.length;
  if (groups.some((group) => group.length === 0) || (isSplit && (needed < 2 || needed > groups.length)))
    throw new UnsprawlError(
      "refused",
      `${groups.length} key groups of which ${needed} are needed cannot be made`,
      "each needs a key; shamir_threshold is at least 2, and at most their number",
    );
  const parts = isSplit ? splitKey(dataKey, groups.length, needed) : [dataKey];
  const wrapped = groups.map((group, at) =>
    Promise.all(group.map((key) => wrapOne(key, parts[at] ?? dataKey, holders, isSplit ? [] : kept))),
  );
  return { groups: await Promise.all(wrapped), threshold: isSplit ? needed : null };
}

async function wrapOne(key: SopsKey, part: Buffer, holders: KeyHolders, kept: readonly SopsKey[]): Promise<SopsKey> {
  if (key.kind === "age") {
    const [wrapped] = await wrapForAge(part, [String(key.fields["recipient"])]);
    return wrapped ?? key;
  }
  const service = await holders.service(key.kind);
  if (service !== null) return { kind: key.kind, fields: await service.wrap(key.fields, part) };
  const same = kept.find((one) => keyName(one) === keyName(key));
  if (same !== undefined) return same;
  throw new UnsprawlError(
    "refused",
    `unsprawl does not wrap data keys for ${keyName(key)}`,
    "sops encrypt makes such a file and sops updatekeys changes it; unsprawl then writes values into it by another of its keys",
  );
}

/** The data key, by whichever keys can be used here: one of the file's, or one of each of enough groups. */
export async function openGroups({ groups, threshold }: KeyGroups, file: string, holders: KeyHolders): Promise<Buffer> {
  const isSplit = groups.length > 1;
  const needed = isSplit ? (threshold ?? groups.length) : 1;
  const parts: Buffer[] = [];
  const failed: { readonly key: SopsKey; readonly error: unknown }[] = [];
  const own = isSplit
    ? new Set((await holders.identities.load().catch(() => [])).map(({ recipient }) => recipient))
    : null;
  /** What opens without asking anybody comes first. */
  const cost = (group: readonly SopsKey[]): number => {
    if (group.some(({ fields }) => own?.has(String(fields["recipient"])))) return 0;
    return group.some(({ kind }) => kind === holders.first) ? 1 : 2;
  };
  for (const group of isSplit ? groups.toSorted((a, b) => cost(a) - cost(b)) : groups) {
    const part = await openGroup(group, file, holders, DATA_KEY_BYTES + (isSplit ? 1 : 0), failed);
    if (part !== null) parts.push(part);
    if (parts.length >= needed) break;
  }
  const dataKey = parts.length < needed ? null : isSplit ? combineShares(parts) : parts[0];
  if (dataKey) return dataKey;
  throw cannotOpen(file, { groups, threshold }, failed, isSplit ? { needed, opened: parts.length } : null);
}

async function openGroup(
  group: readonly SopsKey[],
  file: string,
  holders: KeyHolders,
  length: number,
  failed: { readonly key: SopsKey; readonly error: unknown }[],
): Promise<Buffer | null> {
  const of = (kind: string): readonly SopsKey[] => group.filter((key) => key.kind === kind);
  const kinds = [...new Set([holders.first, "age", ...group.map(({ kind }) => kind)])];
  for (const kind of kinds.filter((one) => of(one).length > 0)) {
    // An identity is compared with all recipients at once.
    const tries =
      kind === "age"
        ? [{ keys: of(kind), open: () => openWithAge(of(kind), group, file, holders.identities, length) }]
        : of(kind).map((key) => ({ keys: [key], open: () => openWithService(key, file, holders, length) }));
    for (const { keys, open } of tries) {
      try {
        return await open();
      } catch (error) {
        failed.push(...keys.map((key) => ({ key, error })));
      }
    }
  }
  return null;
}

async function openWithAge(
  keys: readonly SopsKey[],
  all: readonly SopsKey[],
  file: string,
  identities: Identities,
  length: number,
): Promise<Buffer> {
  return unwrapWithAge(keys, await identities.load(), length, { file, where: identities.where, all });
}

async function openWithService(key: SopsKey, file: string, holders: KeyHolders, length: number): Promise<Buffer> {
  const service: KeyService | null = await holders.service(key.kind);
  if (service === null)
    throw new UnsprawlError(
      "denied",
      `unsprawl does not open files with ${key.kind} keys`,
      cmd`sops decrypt ${file} does, with that key`,
    );
  const part = await service.unwrap(key.fields, file);
  if (part.length === length) return part;
  throw new UnsprawlError(
    "malformed",
    `${file}: what ${keyName(key)} decrypts is not a data key`,
    "restore the file from a backup",
  );
}

/** Names every key with what it lacks. An error of one key alone stays as it is. */
function cannotOpen(
  file: string,
  keys: KeyGroups,
  failed: readonly { readonly key: SopsKey; readonly error: unknown }[],
  split: { readonly needed: number; readonly opened: number } | null,
): unknown {
  const errors = [...new Set(failed.map(({ error }) => error))];
  const [first] = errors;
  if (first === undefined)
    return new UnsprawlError(
      "denied",
      `${file} has no key that can open it`,
      cmd`restore the file from a backup, or: sops updatekeys ${file}`,
    );
  const all = errors.filter((error) => error instanceof UnsprawlError);
  // What may be had later is not denied.
  const known = all.find(({ code }) => code === "unreachable" || code === "throttled") ?? all[0];
  if ((errors.length === 1 && split === null) || known === undefined) return first;
  const each = failed.map(
    ({ key, error }) => `${keyName(key)}: ${error instanceof UnsprawlError ? error.message : "failed"}`,
  );
  const hints = [...new Set(all.flatMap(({ hint }) => hint ?? []))];
  const lacks =
    split === null
      ? "none of its keys can be used here"
      : `${split.needed} of its ${keys.groups.length} key groups are needed, and ${split.opened} can be used here`;
  return new UnsprawlError(
    known.code,
    `${file}: ${lacks} (${each.join("; ")})`,
    hints.join("; or ") || null,
    causeText(known),
  );
}

/** An error's cause, which is a name and a code. */
export function causeText({ cause }: UnsprawlError): string | undefined {
  return typeof cause === "string" ? cause : undefined;
}

/** Whom a file is encrypted for: recipients and ARNs are no secrets. */
export function recipientsOf(document: SopsDocument): readonly string[] {
  return groupsOf(document).groups.flat().map(keyName);
}
