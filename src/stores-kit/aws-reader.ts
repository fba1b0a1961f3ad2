import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ReaderFile } from "../contract/provider.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import { Secret } from "../model/secret.ts";
import type { AwsGiven } from "./aws.ts";

type AwsReader = { readonly config: { readonly [key: string]: Json }; readonly files: readonly ReaderFile[] };

/**
 * A reader's credential for the OCI runtime: the keys that the configuration names as `reader`, or the machine's role.
 * unsprawl creates no users: throws `denied` with the policy that one needs.
 */
export async function issueAwsReader(
  given: AwsGiven["reader"],
  dir: string,
  settings: { readonly [key: string]: Json },
  policy: () => string,
): Promise<AwsReader> {
  if (given === undefined || given === null)
    throw new UnsprawlError(
      "denied",
      "unsprawl does not create AWS users for the runtime",
      cmd`create a user with this policy, write its keys to files, and name them by reader: { accessKeyIdFile, secretAccessKeyFile } in the store's configuration (or reader: { method: default } on a machine with a role): ${bare(policy().replace(/\s+/g, " "))}`,
    );
  if (given.method === "default") return { config: { ...settings, auth: { method: "default" } }, files: [] };
  const content = async (key: "accessKeyIdFile" | "secretAccessKeyFile"): Promise<Secret> => {
    const file = given[key] ?? null;
    if (file === null) throw new UnsprawlError("config", `reader.${key} is missing`, "name the file that holds it");
    const text = await readFile(resolve(dir, file), "utf8").catch(() => {
      throw new UnsprawlError("config", `cannot read ${file}`, cmd`reader.${key} names it`);
    });
    return Secret.of(text.trim());
  };
  return {
    config: {
      ...settings,
      auth: {
        method: "keys",
        accessKeyIdFile: "{dir}/access-key-id",
        secretAccessKeyFile: "{dir}/secret-access-key",
      },
    },
    files: [
      { name: "access-key-id", content: await content("accessKeyIdFile") },
      { name: "secret-access-key", content: await content("secretAccessKeyFile") },
    ],
  };
}
