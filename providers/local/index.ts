/**
 * `local`: the embedded store that needs no server. SOPS files under an age key in SOPS's own place; the real `sops`
 * reads and edits them. A template with `{subject}` makes a flat file a subject, without one a map a subject.
 */
import { resolve } from "node:path";
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { ageIdentities, checkTemplate, readersOf, sopsFiles } from "../../src/stores-kit/sops/index.ts";
import { checkFiles } from "./check.ts";
import { dataKeys } from "./keys.ts";
import { localPolicy } from "./policy.ts";
import { issueReader, readersFile } from "./reader.ts";

const DEFAULT_FILE = "secrets/{subject}.sops.yaml";

export const provider: ProviderModule = {
  provider: "local",
  keys: {
    file: `the SOPS file (.yaml, .json or .env), with {subject} for one a container: ${DEFAULT_FILE}`,
    ageKeyFile:
      "the file of the age identity; without it SOPS_AGE_KEY, SOPS_AGE_KEY_FILE or ~/.config/sops/age/keys.txt",
    readOnly: "true refuses every write, as for the OCI runtime",
  },
  async open(name, config, { env, dir, say }): Promise<Provider> {
    const template = checkTemplate(resolve(dir, text(config, "file") ?? DEFAULT_FILE));
    const named = text(config, "ageKeyFile");
    const keyFile = named === null ? null : resolve(dir, named);
    const readOnly = flag(config, "readOnly");
    const identities = ageIdentities(env, keyFile);
    const readers = (): Promise<readonly string[]> => readersOf(readersFile(identities), template);
    const keys = dataKeys(identities, env, readers);
    const place = { name, template, dir, readOnly };
    return {
      ...sopsFiles(place, keys),
      target: {
        name,
        provider: "local",
        settings: {
          file: template,
          ...(keyFile === null ? {} : { ageKeyFile: keyFile }),
          ...(readOnly ? { readOnly } : {}),
        },
      },
      policy: async (names) => localPolicy(template, names, identities, env, await readers()),
      check: () => checkFiles(place, identities, keys),
      issueReader: (held) => issueReader(template, identities, keys, held ?? [], say),
    };
  },
};

function text(config: { readonly [key: string]: Json }, key: string): string | null {
  const value = config[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new UnsprawlError(
    "config",
    `${key} of a local store must be the name of a file`,
    cmd`the default is ${DEFAULT_FILE}`,
  );
}

function flag(config: { readonly [key: string]: Json }, key: string): boolean {
  const value = config[key] ?? false;
  if (typeof value === "boolean") return value;
  throw new UnsprawlError("config", `${key} of a local store must be true or false`, cmd`without quotes: ${key}: true`);
}
