import { buffer } from "node:stream/consumers";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { SopsDocument, WrappedKey } from "./document.ts";
import { keyEntries, recipientsText } from "./keys.ts";

/** An age identity as its file holds it, with the public half. */
export type AgeIdentity = { readonly identity: string; readonly recipient: string };

/** Wraps a data key for each recipient, in SOPS's form: one armored age file each. Throws `config` for a bad recipient. */
export async function wrapForAge(dataKey: Buffer, recipients: readonly string[]): Promise<readonly WrappedKey[]> {
  const { Encrypter, armor } = await import("age-encryption");
  return Promise.all(
    recipients.map(async (recipient): Promise<WrappedKey> => {
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

/** The data key of a file, by whichever identity opens it. Throws `denied` when none does. `where` names their places. */
export async function unwrapWithAge(
  document: SopsDocument,
  identities: readonly AgeIdentity[],
  where: string,
): Promise<Buffer> {
  const wrapped = ageEntries(document);
  const { Decrypter, armor } = await import("age-encryption");
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
      if (dataKey.length === 32) return dataKey;
    } catch {
      // Another recipient's entry, or a broken one: the next may do.
    }
  }
  const has = identities.length > 0 ? `no age identity in ${where} opens it` : `there is no age identity (${where})`;
  throw new UnsprawlError(
    "denied",
    `${document.file}: ${has}`,
    cmd`it is encrypted for ${bare(recipientsText(document))}; give an age identity by SOPS_AGE_KEY_FILE or the store's ageKeyFile`,
  );
}

function ageEntries(document: SopsDocument): readonly { readonly recipient: string; readonly enc: string }[] {
  return keyEntries(document, "age").filter((entry): entry is { recipient: string; enc: string } => {
    const { recipient, enc } = entry as { recipient?: unknown; enc?: unknown };
    return typeof recipient === "string" && typeof enc === "string";
  });
}

// Of bytes, age-encryption makes a stream that it reads by a `Response`, for which Node loads all of fetch.
const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> => ReadableStream.from([bytes]);
