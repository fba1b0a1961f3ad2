/**
 * `local`: the embedded store that needs no server. SOPS files under an age key in SOPS's own place; the real `sops`
 * reads and edits them. A template with `{subject}` makes a flat file a subject, without one a map a subject.
 */
import { resolve } from "node:path";
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { flag, map, mayBeNull, parse, says, text } from "../../src/kit/schema/index.ts";
import { ageIdentities, checkTemplate, readersOf, sopsFiles } from "../../src/stores-kit/sops/index.ts";
import { checkFiles } from "./check.ts";
import { dataKeys } from "./keys.ts";
import { localPolicy } from "./policy.ts";
import { issueReader, readersFile } from "./reader.ts";

const DEFAULT_FILE = "secrets/{subject}.sops.yaml";

const FILE = says("must be the name of a file", `the default is ${DEFAULT_FILE}`);
const SETTINGS = {
  file: mayBeNull(
    `the SOPS file (.yaml, .json or .env), with {subject} for one a container: ${DEFAULT_FILE}`,
    text(FILE),
  ),
  ageKeyFile: mayBeNull(
    "the file of the age identity; without it SOPS_AGE_KEY, SOPS_AGE_KEY_FILE or ~/.config/sops/age/keys.txt",
    text(says("must be the name of a file")),
  ),
  readOnly: mayBeNull("true refuses every write, as for the OCI runtime", flag()),
};

export const provider: ProviderModule = {
  provider: "local",
  settings: SETTINGS,
  async open(name, config, { env, dir, say }): Promise<Provider> {
    const given = parse(map(SETTINGS), config, "");
    const template = checkTemplate(resolve(dir, given.file ?? DEFAULT_FILE));
    const keyFile = given.ageKeyFile ? resolve(dir, given.ageKeyFile) : null;
    const readOnly = given.readOnly ?? false;
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
