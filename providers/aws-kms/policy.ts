import type { SubjectNames } from "../../src/contract/provider.ts";
import { iamPolicy, type IamRow } from "../../src/stores-kit/iam-policy.ts";
import { sopsKey } from "../../src/stores-kit/sops/index.ts";
import { fillContext } from "./keys.ts";
import type { KmsSettings } from "./settings.ts";

/**
 * The IAM policy that lets one application open its file, by its encryption context where there is one (AWS KMS
 * developer guide, kms:EncryptionContext:context-key), and below it the file, which IAM knows nothing of.
 */
export function applicationPolicy(settings: KmsSettings, arn: string, names: SubjectNames): string {
  const { path } = sopsKey(settings.template, { ...names, name: "x" });
  const context = fillContext(settings.context, names);
  const shared = settings.template.includes("{subject}")
    ? []
    : [
        "# One file holds every subject: anyone who can open it reads all of them. {subject} in the store's file separates them.",
      ];
  const parted = Object.values(settings.context).some((value) => value.includes("{subject}"));
  const open = parted
    ? []
    : [
        "# The key opens every file of this store. context: { App: '{subject}' } in its configuration binds each subject to its own values.",
      ];
  return [
    iamPolicy([{ ...decrypt(arn), context, exact: true }]),
    `# And let the application's user read the file: ${path}`,
    ...shared,
    ...(shared.length > 0 ? [] : open),
    "",
  ].join("\n");
}

/** The policy of the OCI runtime, which opens the files of all subjects. */
export function readerPolicy(settings: KmsSettings, arn: string): string {
  const context = fillContext(settings.context, { subject: "*", project: "*" });
  return iamPolicy([{ ...decrypt(arn), context }], 0);
}

function decrypt(resource: string): IamRow {
  return { actions: "kms:Decrypt", resource };
}

/** The policy of whoever migrates: to wrap and open the data keys of all subjects. The files are theirs to write. */
export function migratorPolicy(settings: KmsSettings, arn: string): string {
  const context = fillContext(settings.context, { subject: "*", project: "*" });
  return iamPolicy([{ actions: ["kms:Decrypt", "kms:Encrypt"], resource: arn, context }]);
}
