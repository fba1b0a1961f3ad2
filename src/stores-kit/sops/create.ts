import { randomBytes } from "node:crypto";
import { decryptValue, encryptValue } from "./cipher.ts";
import type { SopsDocument } from "./document.ts";
import { withMac } from "./edit.ts";
import { formatOf, readDocument } from "./formats.ts";
import type { WrappedKeys } from "./keys.ts";
import { additionalData } from "./mac.ts";

/** The comment that marks a file as made by unsprawl: encrypted like a value, so that it cannot be put on a foreign file. */
const MARK = " created by unsprawl, which removes this file with its last value";

/** The release of sops whose form the new file has. */
const FORM = "3.11.0";

/** A new SOPS file without a value, under a new data key, in the form that its name says. */
export async function createDocument(
  file: string,
  wrap: (dataKey: Buffer) => Promise<WrappedKeys>,
): Promise<{ readonly document: SopsDocument; readonly dataKey: Buffer }> {
  // As sops does: 32 random bytes, encrypted by every holder (getsops/sops sops.go `GenerateDataKey`).
  const dataKey = randomBytes(32);
  const keys = await wrap(dataKey);
  const mark = encryptValue({ type: "comment", bytes: Buffer.from(MARK, "utf8") }, dataKey, additionalData([]));
  const format = formatOf(file);
  const rules = keys.settings ?? { unencrypted_suffix: "_unencrypted" };
  const metadata = { lastmodified: "", mac: "", ...rules, version: FORM };
  const draft = await readDocument(format.draft(keys, metadata, mark), file);
  return { document: await readDocument(withMac(draft, dataKey, format), file), dataKey };
}

/** Whether unsprawl made this file: its mark is there and opens with the file's own key. */
export function isOurs(document: SopsDocument, dataKey: Buffer): boolean {
  return formatOf(document.file)
    .marks(document)
    .some((mark) => {
      try {
        return decryptValue(mark, dataKey, additionalData([]), "a comment").bytes.toString("utf8") === MARK;
      } catch {
        return false;
      }
    });
}

/** Whether nothing is left but SOPS's own data. */
export function isEmpty(document: SopsDocument): boolean {
  return formatOf(document.file).isEmpty(document);
}
