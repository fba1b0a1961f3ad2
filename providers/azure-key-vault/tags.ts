import type { BesideLimits, KeyNames, Origin } from "../../src/contract/provider.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { labelsIn } from "../../src/stores-kit/labels.ts";

export type Tags = { readonly [name: string]: string };

const MOST = 15;
const LONGEST = 256;
const OURS = "unsprawl";
const MANAGED = "managed-by";
const [NAME, SUBJECT, RUN, WRITE] = ["unsprawl-name", "unsprawl-subject", "unsprawl-run", "unsprawl-write"] as const;
/** Only on secrets whose name has the project in it. */
const PROJECT = "unsprawl-project";

/** Whether unsprawl made the secret. */
export function isOurs(tags: Tags | undefined): boolean {
  return tags?.[MANAGED] === OURS;
}

/** What somebody else has tagged it with. */
export function foreignTags(tags: Tags): Pick<BesideValue, "labels"> {
  return labelsIn(tags, `${OURS}-`);
}

/** Tags and an end, beside the six tags of ours. */
export const HOLDS: BesideLimits = {
  labels: {
    most: MOST - 6,
    name: { bytes: LONGEST, form: /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u },
    text: { bytes: LONGEST, form: /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u },
  },
  // The client library writes a time into 32 bits: a later one would be one in the past.
  expiry: 2 ** 31 - 1,
};

/** Whether a version is of this one write. */
export function isOf(write: string, tags: Tags | undefined): boolean {
  return tags?.[WRITE] === write;
}

/**
 * The tags of a new version: its writer, and its subject. A foreign secret that is replaced keeps its tags, and stays
 * foreign: unsprawl did not create it, and does not delete it. Throws `refused` if there is no room.
 */
export function tagsFor(there: Tags | null, known: KeyNames | null, origin: Origin, write: string): Tags {
  const foreign = there !== null && !isOurs(there);
  const kept = Object.entries(there ?? {}).filter(([name]) => !name.startsWith(`${OURS}-`));
  // A writer that does not know the variable's name leaves the tag as it is.
  const before =
    there?.[NAME] === undefined
      ? { [SUBJECT]: origin.subject, ...(origin.name === undefined ? {} : { [NAME]: origin.name }) }
      : { [SUBJECT]: there[SUBJECT] ?? "", [PROJECT]: there[PROJECT] ?? "", [NAME]: there[NAME] };
  const project = known === null || known.standIn === true ? "" : known.project;
  const of = known === null ? before : { [SUBJECT]: known.subject, [PROJECT]: project, [NAME]: known.name };
  const fits = Object.entries(of).filter(([, text]) => text.length <= LONGEST && text !== "");
  const tags = {
    ...Object.fromEntries(kept),
    ...(foreign ? {} : { [MANAGED]: OURS, ...Object.fromEntries(fits) }),
    [RUN]: origin.runId.slice(0, LONGEST),
    [WRITE]: write,
  };
  if (Object.keys(tags).length <= MOST) return tags;
  throw new UnsprawlError(
    "refused",
    `the secret has ${kept.length} tags, which leaves no room for unsprawl's among the ${MOST} that a Key Vault allows`,
    "remove some, or use another name",
  );
}

/** The original names of the secret, as far as its tags say. */
export function originalOf(tags: Tags | undefined): Partial<Pick<KeyNames, "subject" | "project" | "name">> {
  if (!isOurs(tags)) return {};
  const [subject, project, name] = [tags?.[SUBJECT], tags?.[PROJECT], tags?.[NAME]];
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(project === undefined ? {} : { project }),
    ...(name === undefined ? {} : { name }),
  };
}
