import { UnsprawlError } from "../../model/error.ts";
import { encryptValue } from "./cipher.ts";
import type { KeyGroups, SopsDocument, SopsFormat } from "./document.ts";
import { METADATA_KEY } from "./document.ts";
import { formatOf, readDocument } from "./formats.ts";
import { additionalData, openDocument, sealMac } from "./mac.ts";
import { mustEncrypt } from "./rules.ts";
import { splice } from "../../kit/text/splice.ts";

/**
 * The file's text with one value set; all other bytes but `lastmodified` and `mac` stay. `value` is text in UTF-8.
 * Throws `refused` where the file would keep the value in plain text, where a map or list is in the way, and for what
 * the format cannot hold.
 */
export async function setValue(
  document: SopsDocument,
  path: readonly string[],
  value: Buffer,
  dataKey: Buffer,
): Promise<string> {
  const named = `${document.file}: ${path.join("/")}`;
  const format = formatOf(document.file);
  if (path[0] === METADATA_KEY)
    throw new UnsprawlError(
      "refused",
      `${named}: SOPS keeps its own data under "sops"`,
      "rename the variable, or use another store",
    );
  mustEncrypt(document.file, path, document, "would stay");
  const bent = path.some((key) => key === "" || !key.isWellFormed() || key.includes("\0"));
  const unfit = bent
    ? { why: `this name cannot be a ${format.name} key`, hint: "rename the variable, or use another store" }
    : format.unfit(path, value);
  if (unfit !== null) throw new UnsprawlError("refused", `${document.file}: ${unfit.why}`, unfit.hint);
  const cipher = encryptValue({ type: "str", bytes: value }, dataKey, additionalData(path));
  return seal(document, await format.set(document, path, cipher), path, dataKey);
}

/**
 * The file's text without one value; null when the path holds none. With `andEmptied`, maps that this leaves empty go
 * too, else they stay.
 */
export async function deleteValue(
  document: SopsDocument,
  path: readonly string[],
  dataKey: Buffer,
  andEmptied: boolean,
): Promise<string | null> {
  const text = await formatOf(document.file).unset(document, path, andEmptied);
  return text === null ? null : seal(document, text, path, dataKey);
}

/**
 * The file's text with the data key wrapped for others; values, `lastmodified` and MAC stay, as `sops updatekeys`
 * leaves them (getsops/sops cmd/sops/subcommand/updatekeys). Throws `refused` for no key at all.
 */
export async function replaceKeys(document: SopsDocument, keys: KeyGroups, dataKey: Buffer): Promise<string> {
  if (keys.groups.flat().length === 0)
    throw new UnsprawlError(
      "refused",
      `${document.file} would have no key that can decrypt it`,
      "name a recipient or a key",
    );
  const text = await formatOf(document.file).rekey(document, keys);
  const changed = await reread(text, document, []);
  openDocument(changed, dataKey);
  return text;
}

/** The text with a fresh `lastmodified` and MAC. */
export function withMac(document: SopsDocument, dataKey: Buffer, format: SopsFormat): string {
  const lastModified = `${new Date().toISOString().slice(0, 19)}Z`;
  const { start, end } = document.lastModified;
  return splice(document.text, [
    { start, end, text: format.scalar(lastModified) },
    { ...document.mac, text: format.scalar(sealMac(document, dataKey, lastModified)) },
  ]);
}

/** Seals, then opens the result again: it is known to be right, and to differ in no value but those under `path`. */
async function seal(before: SopsDocument, text: string, path: readonly string[], dataKey: Buffer): Promise<string> {
  const edited = await reread(text, before, path);
  const sealed = withMac(edited, dataKey, formatOf(before.file));
  openDocument(await readDocument(sealed, before.file), dataKey);
  return sealed;
}

async function reread(text: string, before: SopsDocument, path: readonly string[]): Promise<SopsDocument> {
  const edited = await readDocument(text, before.file).catch(() => null);
  if (edited !== null && others(before, path) === others(edited, path)) return edited;
  throw new UnsprawlError(
    "refused",
    `${before.file} is written in a form that cannot be changed safely`,
    "sops set, sops unset and sops updatekeys can rewrite it; or use another file",
  );
}

/** All values but those under a path; an empty path takes none out. */
function others({ leaves }: SopsDocument, path: readonly string[]): string {
  const under = (one: readonly string[]): boolean => path.length > 0 && path.every((key, index) => one[index] === key);
  return JSON.stringify(leaves.filter((leaf) => !under(leaf.path)).map((leaf) => [leaf.path, leaf.text]));
}
