import { randomBytes } from "node:crypto";
import type { PutPreview } from "../../contract/provider.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { createDocument } from "./create.ts";
import { rulesOf, type Metadata, type SopsDocument } from "./document.ts";
import { groupsOf, keyName, splitText } from "./groups.ts";
import { recipientsOf, type DataKeys } from "./keys.ts";
import type { OpenedSops } from "./open.ts";
import { withNewKey } from "./rewrap.ts";
import type { Rules } from "./rules.ts";

/** The document that a value is put into, who can open it then besides this login, and what a plan says of that. */
type PutTerms = Required<PutPreview> & { readonly document: SopsDocument; readonly dataKey: Buffer };

/** What a plan says of a put, and the rules by which the file encrypts. */
export type PreviewedFile = Required<PutPreview> & { readonly rules: Rules; readonly metadata: Metadata };

/**
 * A file gets its first value of ours under a data key that unsprawl has made: whoever made the file, or could open it once, may
 * have kept the one that it has. All recipients stay. `opened` is null for a new file.
 */
export async function putTerms(file: string, opened: OpenedSops | null, keys: DataKeys): Promise<PutTerms> {
  if (opened === null) {
    const made = await createDocument(file, (key) => keys.wrap(key, file));
    return { ...made, recipients: await othersIn(made.document, keys), notes: [] };
  }
  const [recipients, notes] = [await othersIn(opened.document, keys), await strangerNotes(opened.document, keys)];
  const lacking = (await keys.readers()).filter((reader) => !recipientsOf(opened.document).includes(reader));
  if (lacking.length === 0 && (await keys.made.has(opened.document))) return { ...opened, recipients, notes };
  try {
    const renewed = await withNewKey(opened, (key) => keys.wrapSame(key, opened.document));
    const note = `${file} gets a new data key, and every value in it is encrypted again: unsprawl did not make the present one here, so that others may have kept it`;
    const added = lacking.map((name) => `${file} will be encrypted for ${name} too, by which the OCI runtime reads it`);
    return { ...renewed, recipients: await othersIn(renewed.document, keys), notes: [...notes, note, ...added] };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || !CANNOT_WRAP.has(error.code)) throw error;
    if (lacking.length > 0) throw notForRuntime(file, lacking, error);
    const note = cmd`${bare(file)} keeps its data key, which whoever made the file or could ever open it may have (${bare(error.message)}); somebody who can: sops rotate -i ${file}`;
    return { ...opened, recipients: [...recipients, KNOWN_KEY], notes: [...notes, note] };
  }
}

/** Said before anything is moved there: a container would not start. */
function notForRuntime(file: string, lacking: readonly string[], { message }: UnsprawlError): UnsprawlError {
  const recipients = lacking.map((name) => name.replace(/^age /, "")).join(",");
  return new UnsprawlError(
    "refused",
    `${file} does not open for this host's OCI runtime, and cannot be made to: ${message}`,
    cmd`somebody who can: sops rotate -i --add-age ${recipients} ${file}; or name another file`,
  );
}

/** As a recipient: a plan that does not name it is not followed by a put under a data key that others may have. */
const KNOWN_KEY = "anyone who has kept its data key";

/** Codes of what will not be otherwise in a minute. */
const CANNOT_WRAP: ReadonlySet<string> = new Set(["refused", "denied", "config", "malformed"]);

/** The terms of a put before it is made; no key is made. Throws what keeps the file's keys from being used. */
export async function putPreview(file: string, opened: OpenedSops | null, keys: DataKeys): Promise<PreviewedFile> {
  if (opened === null) return newFilePreview(file, keys);
  const { recipients, notes } = await putTerms(file, opened, keys);
  const { rules, metadata } = opened.document;
  return { recipients, notes, rules, metadata };
}

async function newFilePreview(file: string, keys: DataKeys): Promise<PreviewedFile> {
  const { names, split, from, rule } = await keys.recipients(file);
  const own = await keys.identities();
  // With the first value comes the identity that opens it.
  const isToCome = from === null && names.every((name) => name.startsWith("age ") && !own.has(name));
  const wrapped = isToCome ? null : await keys.wrap(randomBytes(32), file);
  const all = wrapped === null ? [...names, ...(split === null ? [] : [split])] : holdersIn(wrapped);
  const metadata = rule?.settings ?? {};
  const unusual = Object.entries(metadata).filter(([name, value]) => USUAL[name] !== value);
  return {
    recipients: all.filter((name) => !own.has(name)).toSorted(),
    rules: await rulesOf(metadata),
    metadata,
    notes: [
      ...(from === null ? [] : [`${file} will be encrypted for ${names.join(", ")}, as ${from} says`]),
      ...unusual.map(
        ([name, value]) => `${file} will be encrypted with ${name}: ${String(value)}, as ${rule?.from ?? ""} says`,
      ),
    ],
  };
}

const USUAL: { readonly [name: string]: unknown } = { unencrypted_suffix: "_unencrypted" };

async function othersIn(document: SopsDocument, keys: DataKeys): Promise<readonly string[]> {
  const own = await keys.identities();
  return holdersIn(groupsOf(document))
    .filter((name) => !own.has(name))
    .toSorted();
}

function holdersIn(groups: Parameters<typeof splitText>[0]): readonly string[] {
  const split = splitText(groups);
  return [...groups.groups.flat().map(keyName), ...(split === null ? [] : [split])];
}

async function strangerNotes(document: SopsDocument, keys: DataKeys): Promise<readonly string[]> {
  const known = new Set(await keys.names());
  return recipientsOf(document)
    .filter((name) => !known.has(name))
    .map(
      (name) =>
        `${document.file} is encrypted for ${name} too, which the store's settings do not name: it can decrypt what is added`,
    );
}

/** Throws `changed` unless those who could open the file are those whom the plan named; nobody compares where it named none. */
export function mustBePlanned(file: string, planned: readonly string[] | undefined, now: readonly string[]): void {
  if (planned === undefined) return;
  const changes = [
    ...now.filter((name) => !planned.includes(name)).map((name) => `+ ${name}`),
    ...planned.filter((name) => !now.includes(name)).map((name) => `- ${name}`),
  ];
  if (changes.length === 0) return;
  throw new UnsprawlError(
    "changed",
    `those who can decrypt ${file} are not those of the plan: ${changes.join(", ")}`,
    "unsprawl plan again",
  );
}
