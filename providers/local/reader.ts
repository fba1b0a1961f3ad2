import { dirname, join } from "node:path";
import type { Provider, ReaderFile } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import {
  addReader,
  admitReader,
  identityFile,
  identityIn,
  newIdentity,
  templateFiles,
  type DataKeys,
  type Identities,
} from "../../src/stores-kit/sops/index.ts";

const KEY_FILE = "age.key";

/** Where the recipients of the store's readers are recorded: beside the identity, which decides as much as they do. */
export function readersFile(identities: Identities): string {
  return join(dirname(identities.file), "unsprawl-readers.json");
}

/**
 * A separate age identity for the reader: existing and future files are encrypted for it too. The operator's
 * identities, which may open far more than this store, stay where they are.
 */
export async function issueReader(
  template: string,
  identities: Identities,
  keys: DataKeys,
  held: readonly ReaderFile[],
  say: (text: string) => void = () => undefined,
): ReturnType<Provider["issueReader"]> {
  const before = held.find(({ name }) => name === KEY_FILE);
  const known = before === undefined ? null : await identityIn(before.content.exposeText()).catch(() => null);
  const operators = await identities.load();
  const isTheirs = operators.some(({ identity }) => identity === known?.identity);
  const own = known === null || isTheirs ? await newIdentity() : known;
  await addReader(readersFile(identities), template, own.recipient);
  for (const file of await templateFiles(template)) {
    try {
      await admitReader(file, own.recipient, keys);
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      say(`the runtime will not read ${file}: ${error.message}`);
    }
  }
  return {
    config: { file: template, ageKeyFile: `{dir}/${KEY_FILE}`, readOnly: true },
    files: [{ name: KEY_FILE, content: Secret.of(identityFile(own)) }],
  };
}
