import { fileError } from "../kit/io/error.ts";
import { atomicWrite, contentDigest } from "../kit/io/atomic.ts";
import { readChecked } from "../kit/io/read.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Handover } from "../model/handover.ts";

/** The references at each place of a file where one of these stands, in their order. Throws what reading throws. */
export function placesInFile(file: string, references: ReadonlySet<string>): readonly string[] {
  return placesIn(textOf(file), references).map(({ reference }) => reference);
}

/** Throws `changed` if a file names neither its references nor, in each place of them, this one: somebody has edited it. */
export function mustNameEither(file: RewrittenFile, reference: string): void {
  placesOf(file, textOf(file.file), reference);
}

/**
 * Puts one reference in the place of a file's own ones, or, with `isBack`, these back in its places. Idempotent. Throws
 * `changed` as `mustNameEither` does.
 */
export async function exchangeReferences(file: RewrittenFile, reference: string, isBack: boolean): Promise<void> {
  const text = textOf(file.file);
  const { places, isHanded } = placesOf(file, text, reference);
  if (isBack !== isHanded) return;
  let made = "";
  let end = 0;
  for (const [n, { at, reference: from }] of places.entries()) {
    made += text.slice(end, at) + (isBack ? (file.references[n] ?? from) : reference);
    end = at + from.length;
  }
  await atomicWrite(file.file, made + text.slice(end), { expect: contentDigest(text) });
}

type RewrittenFile = Handover["files"][number];
type Places = readonly { readonly at: number; readonly reference: string }[];

function placesOf(
  { file, references }: RewrittenFile,
  text: string,
  reference: string,
): { readonly places: Places; readonly isHanded: boolean } {
  const own = placesIn(text, new Set(references));
  const handed = placesIn(text, new Set([reference]));
  const isOwn = own.map((one) => one.reference).join("\n") === references.join("\n") && handed.length === 0;
  if (isOwn) return { places: own, isHanded: false };
  if (own.length === 0 && handed.length === references.length) return { places: handed, isHanded: true };
  throw new UnsprawlError(
    "changed",
    `${file} does not name what the plan saw: somebody has edited it`,
    cmd`put the references in ${file} right, then try again`,
  );
}

/** Where these references stand whole: behind one comes no more of it. */
function placesIn(text: string, references: ReadonlySet<string>): Places {
  const found: { at: number; reference: string }[] = [];
  for (const reference of references)
    for (let at = text.indexOf(reference); at >= 0; at = text.indexOf(reference, at + reference.length))
      if (/^(?:$|[\s"',\]}])/.test(text.slice(at + reference.length, at + reference.length + 1)))
        found.push({ at, reference });
  return found.toSorted((one, other) => one.at - other.at);
}

function textOf(file: string): string {
  const bytes = bytesOf(file);
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  throw new UnsprawlError("malformed", `${file} is not UTF-8`, cmd`file ${file}`);
}

function bytesOf(file: string): Buffer {
  try {
    return readChecked(file);
  } catch (error) {
    throw error instanceof UnsprawlError ? error : fileError(error, file);
  }
}
