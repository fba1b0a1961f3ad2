/**
 * `local`: the embedded store that needs no server. SOPS files under an age key in SOPS's usual place; the real `sops`
 * reads and edits them. A template with `{subject}` makes a flat file per subject, without one a map per subject.
 */
import { dirname, join, resolve } from "node:path";
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { dataHome } from "../../src/kit/home.ts";
import { flag, map, mayBeNull, parse, says, text, texts } from "../../src/kit/schema/index.ts";
import {
  ageIdentities,
  checkTemplate,
  isForUs,
  isInUse,
  readersOf,
  ROLES_TEXT,
  sopsFiles,
  templateFiles,
  type DataKeys,
  type Identities,
} from "../../src/stores-kit/sops/index.ts";
import { checkFiles } from "./check.ts";
import { keyFiles } from "./key-files.ts";
import { dataKeys } from "./keys.ts";
import { localPolicy } from "./policy.ts";
import { issueReader, readersFile } from "./reader.ts";

const FILES = "secrets/{project/}{subject}.sops.yaml";
const DEFAULT_FILE = `$XDG_DATA_HOME/unsprawl/${FILES}`;

const FILE = says("must be the name of a file", `the default is ${DEFAULT_FILE}`);
const SETTINGS = {
  file: mayBeNull(
    `the SOPS file (.yaml, .json or .env), with {subject} for one a container: ${DEFAULT_FILE}, else below ~/.local/share`,
    text(FILE),
  ),
  ageKeyFile: mayBeNull(
    "the file of the age identity; without it SOPS_AGE_KEY, SOPS_AGE_KEY_FILE or ~/.config/sops/age/keys.txt",
    text(says("must be the name of a file")),
  ),
  roles: mayBeNull(ROLES_TEXT, texts()),
  readOnly: mayBeNull("true refuses every write, as for the OCI runtime", flag()),
};

/** Reported once per process, before the first write. */
let told = false;

export const provider: ProviderModule = {
  provider: "local",
  settings: SETTINGS,
  template: "file",
  async open(name, config, { env, dir, workTree = null, say, keyService }): Promise<Provider> {
    const given = parse(map(SETTINGS), config, "");
    const keyFile = given.ageKeyFile ? resolve(dir, given.ageKeyFile) : null;
    const readOnly = given.readOnly ?? false;
    const identities = ageIdentities(env, keyFile);
    const { template, also, isEarlier }: LocalFiles = given.file
      ? { template: resolve(dir, given.file), isEarlier: false }
      : await defaultFiles(dir, env, identities, workTree);
    checkTemplate(template);
    const readers = (): Promise<readonly string[]> => readersOf(readersFile(identities), template);
    const roles = given.roles ?? [];
    const keys = dataKeys(identities, env, readers, keyService, roles);
    const place = { name, template, dir, readOnly, ...(also === undefined ? {} : { also }) };
    const files = sopsFiles(place, keys);
    return {
      ...files,
      put(...what) {
        if (isEarlier && !told) say?.(earlierText(name, template));
        told ||= isEarlier;
        return files.put(...what);
      },
      target: {
        name,
        provider: "local",
        settings: {
          file: template,
          ...(keyFile === null ? {} : { ageKeyFile: keyFile }),
          ...(roles.length > 0 ? { roles } : {}),
          ...(readOnly ? { readOnly } : {}),
        },
      },
      keyFiles: async (places) => keyFiles(places, identities, env, await readers(), keys),
      policy: async (names) => localPolicy(template, names, identities, env, await readers()),
      check: () => checkFiles(place, identities, keys),
      issueReader: (held) => issueReader(template, identities, keys, held ?? [], say),
    };
  },
};

/**
 * Where values go without a `file` setting: beside what is committed in the same work tree, else one folder per user.
 * Earlier versions used a folder of the working directory; one that unsprawl keeps values in stays in use, so that none is
 * lost. References into the user's folder are resolved in any case.
 */
async function defaultFiles(
  dir: string,
  env: NodeJS.ProcessEnv,
  identities: Identities,
  workTree: string | null,
): Promise<LocalFiles> {
  const [own, earlier] = [join(dataHome(env), "unsprawl", FILES), resolve(dir, FILES)];
  // An identity that cannot be read is reported once it is needed.
  const recipients = (await identities.load().catch(() => [])).map(({ recipient }) => recipient);
  const keysOf = (file: string): DataKeys => dataKeys(identities, env, () => readersOf(readersFile(identities), file));
  if (workTree !== null) {
    const team = join(workTree, FILES);
    if (!(await isOfOthers(team, keysOf(team)))) return { template: team, also: own, isEarlier: false };
  }
  return (await isInUse(earlier, recipients, keysOf(earlier)))
    ? { template: earlier, also: own, isEarlier: true }
    : { template: own, also: earlier, isEarlier: false };
}

/**
 * Whether a file of this template can be read by somebody whom the environment does not name, and was not made here: a clone's
 * author may have put it there, with a rule that names them.
 */
async function isOfOthers(template: string, keys: DataKeys): Promise<boolean> {
  for (const file of await templateFiles(template)) if (!(await isForUs(file, keys))) return true;
  return false;
}

type LocalFiles = { readonly template: string; readonly also?: string; readonly isEarlier: boolean };

function earlierText(name: string, template: string): string {
  const folder = dirname(template.slice(0, template.indexOf("{")).concat("x"));
  return `${name} keeps its files in ${folder}, as earlier versions did; set file: in the configuration to choose another place`;
}
