import { buffer } from "node:stream/consumers";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { SopsKey } from "./document.ts";
import { keyName } from "./groups.ts";

/** An age identity as its file holds it, with the public half. */
export type AgeIdentity = { readonly identity: string; readonly recipient: string };

/** Wraps a data key for each recipient, in SOPS's form: one armored age file each. Throws `config` for a bad recipient. */
export async function wrapForAge(dataKey: Buffer, recipients: readonly string[]): Promise<readonly SopsKey[]> {
  const { Encrypter, armor } = await import("age-encryption");
  return Promise.all(
    recipients.map(async (recipient): Promise<SopsKey> => {
      const encrypter = new Encrypter();
      try {
        encrypter.addRecipient(recipient);
      } catch {
        throw new UnsprawlError(
          "config",
          "an age recipient is not valid",
          "SOPS_AGE_RECIPIENTS: age1… values, separated by commas; in a store's configuration: age",
        );
      }
      return {
        kind: "age",
        fields: { recipient, enc: armor.encode(await buffer(await encrypter.encrypt(streamOf(dataKey)))) },
      };
    }),
  );
}

/** What is opened, in words: the file, the places of the identities, and everybody for whom it is encrypted. */
type AgeOpening = { readonly file: string; readonly where: string; readonly all: readonly SopsKey[] };

/**
 * The `length` bytes that were wrapped for these age keys, by whichever identity opens one. Throws `denied` when none does.
 */
export async function unwrapWithAge(
  keys: readonly SopsKey[],
  identities: readonly AgeIdentity[],
  length: number,
  { file, where, all }: AgeOpening,
): Promise<Buffer> {
  const { Decrypter, armor } = await import("age-encryption");
  const wrapped = keys.map(({ fields }) => fields).filter(isEntry);
  // The matching entry first: sops skips the others too.
  const order = wrapped.toSorted((a, b) => Number(mine(b.recipient)) - Number(mine(a.recipient)));
  function mine(recipient: string): boolean {
    return identities.some((one) => one.recipient === recipient);
  }
  for (const { enc } of identities.length > 0 ? order : []) {
    const decrypter = new Decrypter();
    for (const { identity } of identities) decrypter.addIdentity(identity);
    try {
      const dataKey = await buffer(await decrypter.decrypt(streamOf(armor.decode(enc))));
      if (dataKey.length === length) return dataKey;
    } catch {
      // Another recipient's entry, or a broken one: the next may do.
    }
  }
  const has = identities.length > 0 ? `no age identity in ${where} opens it` : `there is no age identity (${where})`;
  throw new UnsprawlError(
    "denied",
    `${file}: ${has}`,
    cmd`it is encrypted for ${bare(all.map(keyName).join(", ") || "nobody")}; give an age identity by SOPS_AGE_KEY_FILE or the store's ageKeyFile`,
  );
}

function isEntry(fields: object): fields is { readonly recipient: string; readonly enc: string } {
  const { recipient, enc } = fields as { recipient?: unknown; enc?: unknown };
  return typeof recipient === "string" && typeof enc === "string";
}

// Of bytes, age-encryption makes a stream that it reads by a `Response`, for which Node loads all of fetch.
const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> => ReadableStream.from([bytes]);
