import { randomBytes } from "node:crypto";
import type { RecipientChange } from "../../contract/provider.ts";
import { atomicWrite, sweepTemps } from "../../kit/io/atomic.ts";
import { splice, type Edit } from "../../kit/text/splice.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { decryptValue, encryptValue } from "./cipher.ts";
import type { KeyGroups, Leaf, SopsDocument } from "./document.ts";
import { replaceKeys, withMac } from "./edit.ts";
import { formatOf, readDocument } from "./formats.ts";
import { groupsOf, splitText } from "./groups.ts";
import { recipientsOf, type DataKeys } from "./keys.ts";
import { additionalData, openDocument, type OpenLeaf } from "./mac.ts";
import { expectedDigest, openFile, readWhole, underLock, type OpenedSops } from "./open.ts";
import { mustBeOurs } from "./own-file.ts";
import { isEncrypted } from "./rules.ts";

/**
 * Wraps the data key of a file for other holders, as `sops updatekeys`: only those for whom `keys` wraps can open it; no other byte
 * changes. With `rotateKey` it makes a new data key and encrypts every value and comment with it, as `sops rotate`. `keys` must be
 * able to open the file now. False if there is no such file. Throws `changed` if others than `shown` would gain or lose access.
 */
export async function rewrapFile(
  file: string,
  keys: DataKeys,
  rotateKey = false,
  shown?: AccessChange,
): Promise<boolean> {
  if ((await openFile(file, keys)) === null) return false;
  return underLock(file, async () => {
    await sweepTemps(file);
    const opened = await openFile(file, keys);
    if (opened === null) return false;
    if (rotateKey) await mustBeOurs(file, opened.document.text);
    const change = changeBy(opened.document, await keys.recipients(file));
    if (shown !== undefined && JSON.stringify(shown) !== JSON.stringify(change)) throw notAsShown(file);
    const document = rotateKey
      ? (await withNewKey(opened, (key) => keys.wrap(key, file))).document
      : await wrappedAgain(opened, keys);
    await atomicWrite(file, document.text, { expect: expectedDigest(opened) });
    if (rotateKey) await keys.made.add(document);
    return true;
  });
}

async function wrappedAgain({ document, dataKey }: OpenedSops, keys: DataKeys): Promise<SopsDocument> {
  const wrapped = await keys.wrap(dataKey, document.file, document);
  return readDocument(await replaceKeys(document, wrapped, dataKey), document.file);
}

/** The file under a new data key, every value and comment encrypted with it, wrapped as `wrap` does. */
export async function withNewKey(
  opened: OpenedSops,
  wrap: (dataKey: Buffer) => Promise<KeyGroups>,
): Promise<{ readonly document: SopsDocument; readonly dataKey: Buffer }> {
  const dataKey = randomBytes(opened.dataKey.length);
  const wrapped = await wrap(dataKey);
  const text = await replaceKeys(await encryptedAgain(opened, dataKey), wrapped, dataKey);
  return { document: await readDocument(text, opened.document.file), dataKey };
}

/** Who will be able to open a file once it is re-wrapped and cannot now, and the other way round; null if it is absent. */
export async function recipientChange(file: string, keys: DataKeys): Promise<AccessChange | null> {
  const text = await readWhole(file);
  return text === null ? null : changeBy(await readDocument(text, file), await keys.recipients(file));
}

type AccessChange = Omit<RecipientChange, "file">;

function changeBy(
  document: SopsDocument,
  { names, split }: Pick<Awaited<ReturnType<DataKeys["recipients"]>>, "names" | "split">,
): AccessChange {
  const [before, after] = [recipientsOf(document), names];
  const needed = [splitText(groupsOf(document)), split];
  const [was = [], is = []] = needed[0] === needed[1] ? [] : needed.map((one) => [one ?? "any of its keys alone"]);
  return {
    added: [...after.filter((name) => !before.includes(name)), ...is],
    removed: [...before.filter((name) => !after.includes(name)), ...was],
  };
}

/** The file under another data key, for which nothing is wrapped yet; its values are the same. */
async function encryptedAgain({ document, dataKey, leaves }: OpenedSops, key: Buffer): Promise<SopsDocument> {
  const values = document.leaves
    .filter((leaf) => leaf.literal !== null && isEncrypted(leaf.path, document.rules))
    .map((leaf) => valueAgain(document, leaf, dataKey, key));
  const text = splice(document.text, [...values, ...comments(document, dataKey, key)]);
  const draft = await readDocument(text, document.file);
  const sealed = await readDocument(withMac(draft, key, formatOf(document.file)), document.file);
  if (contents(openDocument(sealed, key)) !== contents(leaves)) throw notRotatable(document.file);
  return sealed;
}

function valueAgain({ text, file }: SopsDocument, leaf: Leaf, dataKey: Buffer, key: Buffer): Edit {
  const additional = additionalData(leaf.path);
  const what = `${file}: ${leaf.path.join("/")}`;
  const cipher = encryptValue(decryptValue(leaf.text, dataKey, additional, what), key, additional);
  const at = text.slice(leaf.start, leaf.end).indexOf(leaf.text);
  if (at < 0) throw notRotatable(file);
  return { start: leaf.start + at, end: leaf.start + at + leaf.text.length, text: cipher };
}

/** Comments between the values. Which map one belongs to decides sops: its ciphertext opens with that map's path alone. */
function comments({ text, file, leaves }: SopsDocument, dataKey: Buffer, key: Buffer): readonly Edit[] {
  const maps = new Set(
    [""].concat(leaves.flatMap(({ path }) => path.map((_, at) => JSON.stringify(path.slice(0, at))))),
  );
  const paths = [...maps].map((one) => additionalData(one === "" ? [] : (JSON.parse(one) as string[])));
  const inLeaf = (at: number): boolean => leaves.some(({ start, end }) => start <= at && at < end);
  return Array.from(text.matchAll(/ENC\[AES256_GCM,[\w:,+/=]+,type:comment\]/g))
    .filter(({ index }) => !inLeaf(index))
    .map(({ 0: cipher, index }) => {
      for (const additional of paths) {
        try {
          const plain = decryptValue(cipher, dataKey, additional, file);
          return { start: index, end: index + cipher.length, text: encryptValue(plain, key, additional) };
        } catch {
          // Of another map.
        }
      }
      throw notRotatable(file);
    });
}

function contents(leaves: readonly OpenLeaf[]): string {
  return JSON.stringify(leaves.map(({ path, value }) => [path, value.type, value.bytes.toString("base64")]));
}

function notAsShown(file: string): UnsprawlError {
  return new UnsprawlError(
    "changed",
    `the keys of ${file}, or what its rule says, have changed since they were shown`,
    cmd`unsprawl stores rewrap ${bare("STORE")} --dry-run`,
  );
}

function notRotatable(file: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${file} is written in a form that cannot be encrypted again safely`,
    cmd`sops rotate -i ${file}`,
  );
}
