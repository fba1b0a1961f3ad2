import { randomBytes } from "node:crypto";
import { decryptValue, encryptValue } from "./cipher.ts";
import { readDocument, type SopsDocument } from "./document.ts";
import { additionalData, sealMac } from "./mac.ts";
import { splice } from "./splice.ts";

/** A data key as one holder of a key can unwrap it: an entry of the metadata's list of that kind. */
export type WrappedKey = { readonly kind: "age" | "kms"; readonly fields: { readonly [key: string]: string } };

/** The comment that marks a file as made by unsprawl: encrypted like a value, so that it cannot be put on a foreign file. */
const MARK = " created by unsprawl, which removes this file with its last value";

/** The release of sops whose form the new file has. */
const FORM = "3.11.0";

/** A new SOPS file without a value, under a new data key. */
export async function createDocument(
  file: string,
  wrap: (dataKey: Buffer) => Promise<readonly WrappedKey[]>,
): Promise<{ readonly document: SopsDocument; readonly dataKey: Buffer }> {
  const dataKey = randomBytes(32);
  const keys = await wrap(dataKey);
  const mark = encryptValue({ type: "comment", bytes: Buffer.from(MARK, "utf8") }, dataKey, additionalData([]));
  const lines = [`#${mark}`, "sops:"];
  for (const kind of new Set(keys.map((key) => key.kind))) {
    lines.push(`    ${kind}:`);
    for (const { fields } of keys.filter((key) => key.kind === kind)) {
      Object.entries(fields).forEach(([name, value], index) =>
        lines.push(...field(index === 0 ? "        - " : "          ", name, value)),
      );
    }
  }
  lines.push('    lastmodified: ""', '    mac: ""', "    unencrypted_suffix: _unencrypted", `    version: ${FORM}`, "");
  const draft = await readDocument(lines.join("\n"), file);
  const lastModified = `${new Date().toISOString().slice(0, 19)}Z`;
  const text = splice(draft.text, [
    { start: draft.lastModified.start, end: draft.lastModified.end, text: `"${lastModified}"` },
    { start: draft.mac.start, end: draft.mac.end, text: sealMac(draft, dataKey, lastModified) },
  ]);
  return { document: await readDocument(text, file), dataKey };
}

/** Whether unsprawl made this file: its mark is there and opens with the file's own key. */
export function isOurs(document: SopsDocument, dataKey: Buffer): boolean {
  return document.text.split("\n").some((line) => {
    const comment = /^#(ENC\[.*,type:comment\])\s*$/.exec(line)?.[1];
    if (comment === undefined) return false;
    try {
      return decryptValue(comment, dataKey, additionalData([]), "a comment").bytes.toString("utf8") === MARK;
    } catch {
      return false;
    }
  });
}

/** Whether nothing is left but SOPS's own data. */
export function isEmpty(document: SopsDocument): boolean {
  return document.root.items.length <= 1;
}

function field(lead: string, name: string, value: string): readonly string[] {
  if (!value.includes("\n")) return [`${lead}${name}: ${/^[\w.:/+=-]+$/.test(value) ? value : JSON.stringify(value)}`];
  const indent = " ".repeat(lead.length + 2);
  return [
    `${lead}${name}: |`,
    ...value
      .trimEnd()
      .split("\n")
      .map((line) => indent + line),
  ];
}
