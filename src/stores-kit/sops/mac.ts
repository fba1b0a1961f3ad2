import { createHash } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";
import { decryptValue, encryptValue, type Plaintext } from "./cipher.ts";
import type { Leaf, SopsDocument } from "./document.ts";
import { isEncrypted } from "./rules.ts";

/** What starts the hash when only encrypted values count: SHA-256 of "sops" (getsops/sops sops.go). */
const ONLY_ENCRYPTED = Buffer.from("8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69", "hex");

/** A value with its plaintext. */
export type OpenLeaf = Leaf & { readonly value: Plaintext };

/**
 * Every value of the file in plain text, and only when all of them and the file's MAC are right: never a part.
 * Throws `malformed` otherwise.
 */
export function openDocument(document: SopsDocument, dataKey: Buffer): readonly OpenLeaf[] {
  const leaves = plainLeaves(document, dataKey);
  const mac = decryptValue(document.mac.text, dataKey, document.lastModified.text, `the MAC of ${document.file}`);
  if (mac.bytes.toString("utf8") !== macOf(document, leaves)) {
    throw new UnsprawlError(
      "malformed",
      `${document.file}: values were added, removed or moved without sops (the MAC does not match)`,
      "restore the file from a backup",
    );
  }
  return leaves;
}

/** The encrypted MAC over the document's values as they are now. */
export function sealMac(document: SopsDocument, dataKey: Buffer, lastModified: string): string {
  const bytes = Buffer.from(macOf(document, plainLeaves(document, dataKey)), "utf8");
  return encryptValue({ type: "str", bytes }, dataKey, lastModified);
}

/** The additional data of a value: its path of keys, each followed by a colon. */
export function additionalData(path: readonly string[]): string {
  return `${path.join(":")}:`;
}

function plainLeaves(document: SopsDocument, dataKey: Buffer): readonly OpenLeaf[] {
  return document.leaves.flatMap((leaf) => {
    if (!isEncrypted(leaf.path, document.rules)) {
      return leaf.literal === null ? [] : [{ ...leaf, value: leaf.literal }];
    }
    if (leaf.literal === null) return [];
    const what = `${document.file}: ${leaf.path.join("/")}`;
    const value = decryptValue(leaf.text, dataKey, additionalData(leaf.path), what);
    // A comment inside a list is written as an item of it, and counts as little as any other comment.
    return value.type === "comment" ? [] : [{ ...leaf, value }];
  });
}

function macOf(document: SopsDocument, leaves: readonly OpenLeaf[]): string {
  const hash = createHash("sha512");
  if (document.macOnlyEncrypted) hash.update(ONLY_ENCRYPTED);
  for (const leaf of leaves) {
    if (!document.macOnlyEncrypted || isEncrypted(leaf.path, document.rules)) hash.update(leaf.value.bytes);
  }
  return hash.digest("hex").toUpperCase();
}
