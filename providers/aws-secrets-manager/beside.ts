import type { SecretListEntry } from "@aws-sdk/client-secrets-manager";
import type { BesideLimits } from "../../src/contract/provider.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { labelsIn } from "../../src/stores-kit/labels.ts";

/** Description and tags, beside the two of ours (CreateSecret). */
export const HOLDS: BesideLimits = {
  description: 2048,
  labels: {
    most: 48,
    name: { bytes: 128, form: /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/iu },
    text: { bytes: 256, form: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u },
  },
};

/** The tags that unsprawl writes. */
export const OURS = { mark: "managed-by", subject: "unsprawl-subject" };
/** What its description begins with. */
export const DESCRIBED = "managed by unsprawl, run ";

/** What people have given a secret; its mark and our description are not theirs. */
export function besideIn({
  Description: description = "",
  Tags = [],
}: Pick<SecretListEntry, "Description" | "Tags">): BesideValue {
  const tags = Object.fromEntries(Tags.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? ""]])));
  return {
    ...(description !== "" && !description.startsWith(DESCRIBED) && { description }),
    // Nobody else can write those of the service itself.
    ...labelsIn(tags, OURS.subject, "aws:"),
  };
}
