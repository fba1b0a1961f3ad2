import { UnsprawlError } from "../../src/model/error.ts";
import {
  ageIdentities,
  anyHolder,
  sopsNames,
  unwrapWithAge,
  wrapForAge,
  type DataKeys,
} from "../../src/stores-kit/sops/index.ts";
import type { Kms } from "./kms.ts";
import { arnRegion, type KmsSettings } from "./settings.ts";

/**
 * Data keys wrapped by the KMS key and for the further age recipients; opened by KMS, else by an age identity from
 * SOPS's places.
 */
export function dataKeys(settings: KmsSettings, kms: Kms, env: NodeJS.ProcessEnv): DataKeys {
  const identities = ageIdentities(env, null);
  return anyHolder([
    {
      kind: "kms",
      wrap: async (dataKey, file) => [await kms.encrypt(dataKey, contextOf(settings, file))],
      unwrap: (document) => kms.decrypt(document),
      names: async () => [`kms ${settings.keyId}`, `kms ${await arnOf(settings, kms)}`],
    },
    {
      kind: "age",
      wrap: (dataKey) => wrapForAge(dataKey, settings.age),
      unwrap: async (document) => unwrapWithAge(document, await identities.load(), identities.where),
      names: async () =>
        [...settings.age, ...(await identities.load()).map(({ recipient }) => recipient)].map((one) => `age ${one}`),
    },
  ]);
}

/** What a file records about the key; a key that may not be described keeps its configured name. */
async function arnOf({ keyId }: KmsSettings, kms: Kms): Promise<string> {
  return arnRegion(keyId) === null ? kms.arn().catch(() => keyId) : keyId;
}

/** The encryption context of one file: the same for all, except for the names in the file's name. */
export function contextOf(
  { context, template }: Pick<KmsSettings, "context" | "template">,
  file: string,
): { readonly [key: string]: string } {
  const filled = fillContext(context, sopsNames(template, { path: file, field: "" }));
  if (Object.values(filled).every((value) => value !== "")) return filled;
  throw new UnsprawlError(
    "refused",
    `${file} is not named as the store's files are, so its encryption context is unknown`,
    "name it as the store's file says, or leave {subject} and {project} out of context",
  );
}

/** `{subject}` and `{project}` of a context filled in. */
export function fillContext(
  context: KmsSettings["context"],
  names: { readonly subject: string; readonly project: string },
): { readonly [key: string]: string } {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      value.replace(/\{(subject|project)\}/g, (_, which: "subject" | "project") => names[which]),
    ]),
  );
}
