import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { KeyFields } from "../../src/contract/key-service.ts";
import type { StoreCheck } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import {
  ANY_KEY,
  removeEmptyFolders,
  sopsFiles,
  sopsKey,
  nearestFolder,
  usableFolder,
  type DataKeys,
  type SopsPlace,
} from "../../src/stores-kit/sops/index.ts";
import { isBadLogin } from "../../src/stores-kit/aws-errors.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import { newFields } from "./keys.ts";
import type { Kms } from "./kms.ts";
import type { KmsSettings } from "./settings.ts";

/** Tries the folder, KMS and every right on the key with a test file or value, and leaves nothing behind. */
export async function checkKms(
  settings: KmsSettings,
  place: SopsPlace,
  kms: Kms,
  keys: DataKeys,
): Promise<readonly StoreCheck[]> {
  const { template, readOnly } = place;
  let folder = dirname(sopsKey(template, { subject: "check", project: "check", name: "PROBE" }).path);
  const standing = await nearestFolder(folder);
  const files = sopsFiles(place, { ...keys, made: ANY_KEY });
  let asked: Promise<string> | null = null;
  try {
    const lines = await probeStore(
      {
        key: files.key,
        get: (key) => files.get(key),
        async put(key, value, replace, origin) {
          folder = dirname(key.path);
          // An existing file needs only kms:Decrypt; the next new one needs more.
          if (!readOnly && replace === null) await kms.wrap(newFields(settings, key.path), randomBytes(32));
          return files.put(key, value, replace, origin);
        },
        remove: (key, matches) => files.remove(key, matches),
      },
      {
        reach: async () => {
          await usableFolder(folder, standing, readOnly);
          asked = kms.arn();
          await asked.catch((error: unknown) => {
            if (!(error instanceof UnsprawlError) || ["unreachable", "throttled"].includes(error.code)) throw error;
          });
          return `${kms.store}, and ${folder}`;
        },
        authenticate: async () => {
          try {
            return await (asked ?? kms.arn());
          } catch (error) {
            // An answer that a right is missing proves that we were recognised; only the policy needs this right.
            if (error instanceof UnsprawlError && error.code === "denied" && !isBadLogin(error))
              return `${settings.keyId} (kms:DescribeKey is not allowed, which only unsprawl's policies need)`;
            throw error;
          }
        },
        rights: async ({ path }) => {
          if (readOnly) return [];
          let wrapped: KeyFields = { ...newFields(settings, path), enc: randomBytes(200).toString("base64") };
          return [
            {
              right: "write",
              act: async () => {
                wrapped = await kms.wrap(newFields(settings, path), randomBytes(32));
              },
            },
            // Without one from KMS, what it says of another's is no denial.
            { right: "read", act: () => kms.unwrap(wrapped, path) },
          ];
        },
      },
    );
    // A read-only store has no further rights that could be tried without a test value.
    return readOnly ? lines.slice(0, 2) : lines;
  } finally {
    await removeEmptyFolders(folder, standing);
  }
}
