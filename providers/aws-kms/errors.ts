import { UnsprawlError } from "../../src/model/error.ts";
import { awsError, awsName } from "../../src/stores-kit/aws-errors.ts";

export type KmsAct = {
  readonly action: "Encrypt" | "Decrypt" | "DescribeKey";
  /** The key as the configuration or the file names it. */
  readonly key: string;
  /** `KMS at https://…` */
  readonly store: string;
  /** The SOPS file, if one is opened. */
  readonly file?: string;
};

/**
 * Reduces what the SDK throws to what went wrong with which key (KMS API reference, Errors of Encrypt, Decrypt,
 * DescribeKey). Nothing of the request is kept: it contains the data key.
 */
export function kmsError(error: unknown, { action, key, store, file }: KmsAct): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const name = awsName(error);
  const of = (code: "config" | "denied" | "malformed" | "unreachable", message: string, hint: string): UnsprawlError =>
    new UnsprawlError(code, message, hint, name);
  const opening = file ?? "the SOPS file";
  switch (name) {
    case "NotFoundException":
      return of(
        "config",
        `${store} has no key ${key}`,
        "check keyId and the region; aws kms list-aliases shows what there is",
      );
    case "InvalidCiphertextException":
      return of(
        "malformed",
        `${store} does not open ${opening}: its encryption context or its wrapped key was changed`,
        "the context in the file must be the one that it was encrypted with; restore the file from a backup",
      );
    case "IncorrectKeyException":
      return of(
        "malformed",
        `${opening} names ${key}, which is not the key that it was encrypted with`,
        "restore the file from a backup",
      );
    case "DisabledException":
      return of("denied", `the key ${key} is disabled`, `aws kms enable-key --key-id '${key}'`);
    case "KMSInvalidStateException":
      return of(
        "denied",
        `the key ${key} cannot be used in its current state: it may be scheduled for deletion`,
        `aws kms describe-key --key-id '${key}' shows its state; aws kms cancel-key-deletion keeps it`,
      );
    case "InvalidKeyUsageException":
      return of("config", `the key ${key} cannot encrypt`, "name a symmetric key (SYMMETRIC_DEFAULT) by keyId");
    case "InvalidArnException":
    case "ValidationException":
      return action === "Decrypt"
        ? of("malformed", `the wrapped key in ${opening} does not come from KMS`, "restore the file from a backup")
        : of("config", `${store} does not accept ${key} as a key`, "keyId: an id, an ARN or alias/NAME");
    case "KeyUnavailableException":
    case "DependencyTimeoutException":
    case "KMSInternalException":
      return of("unreachable", `${store} cannot use the key ${key} now`, "try again later");
    default:
      return awsError(error, { action: `kms:${action}`, resource: resourceOf(key), store });
  }
}

/** The key as IAM names it: rights are granted for a key, never for its alias. */
export function resourceOf(key: string): string {
  if (/^arn:[^:]+:kms:.*:key\//.test(key)) return key;
  return `arn:aws:kms:*:*:key/${key.includes("alias/") ? "*" : key}`;
}
