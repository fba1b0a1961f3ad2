import { join } from "node:path";
import type { KeyFields } from "../../src/contract/key-service.ts";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { statePath } from "../../src/kit/io/state-path.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import {
  ageIdentities,
  ageKey,
  madeKeys,
  ruledKeys,
  sopsNames,
  type DataKeys,
} from "../../src/stores-kit/sops/index.ts";
import type { Kms } from "./kms.ts";
import { arnRegion, type KmsSettings } from "./settings.ts";

/**
 * Data keys wrapped by the KMS key and for the further age recipients; opened by KMS, else by an age identity from
 * SOPS's places, else by whichever other key of the file can be used.
 */
export function dataKeys(
  settings: KmsSettings,
  kms: Kms,
  env: NodeJS.ProcessEnv,
  service?: ProviderContext["keyService"],
): DataKeys {
  return ruledKeys({
    identities: ageIdentities(env, null),
    made: madeKeys(join(statePath(env), "data-keys")),
    first: "kms",
    named: true,
    roles: settings.roles,
    service: async (kind) => (kind === "kms" ? kms : ((await service?.(kind)) ?? null)),
    async own(make, file) {
      const age = settings.age.map(ageKey);
      if (make && file !== undefined) return [{ kind: "kms", fields: newFields(settings, file) }, ...age];
      const names = [...(file === undefined ? [settings.keyId] : []), await arnOf(settings, kms)];
      return [...names.map((arn) => ({ kind: "kms", fields: { arn } })), ...age];
    },
  });
}

/** What the data key of a file is wrapped by, as SOPS has it. */
export function newFields(settings: KmsSettings, file: string): KeyFields {
  const context = contextOf(settings, file);
  return { arn: settings.keyId, ...(Object.keys(context).length === 0 ? {} : { context }) };
}

/** What a file records about the key; a key that may not be described keeps its configured name. */
async function arnOf({ keyId }: KmsSettings, kms: Kms): Promise<string> {
  return arnRegion(keyId) === null ? kms.arn().catch(() => keyId) : keyId;
}

/** The encryption context of one file: the same for all, except for the names in the file's name. */
function contextOf(
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
