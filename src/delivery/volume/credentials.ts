import type { Provider } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { SETTINGS, type DriverSettings } from "./driver/home.ts";

/** What became of a credential that a plugin read a store with. */
export type EndedCredential = {
  readonly store: string;
  /** Null once the store has revoked it; otherwise why it is still good, and what to do. */
  readonly kept: UnsprawlError | null;
};

/** By path below the driver's home. */
export type HomeFiles = ReadonlyMap<string, Buffer>;

type HomeStore = DriverSettings["stores"][number];

/** What a home reads one store with. */
type Credential = { readonly store: HomeStore; readonly files: HomeFiles };

/**
 * Ends at its store each credential among the files of these homes that the plugin's own (`inUse`) does not read with. `open`
 * gives a store with the login of whoever asks, or null for one to leave: what it has is given back in `left`. One that cannot be
 * ended holds up no other.
 */
export async function endCredentials(
  homes: readonly HomeFiles[],
  inUse: HomeFiles,
  open: (name: string) => Promise<Provider | null>,
): Promise<{ readonly ended: readonly EndedCredential[]; readonly left: readonly HomeFiles[] }> {
  const used = new Set(credentialsOf(inUse).map(textOf));
  const former = new Map(homes.flatMap(credentialsOf).map((one) => [textOf(one), one]));
  const ended: EndedCredential[] = [];
  const left: HomeFiles[] = [];
  for (const [text, one] of former) {
    if (used.has(text)) continue;
    const { name, config } = one.store;
    try {
      const provider = await open(name);
      if (provider === null) {
        left.push(homeWith(one));
        continue;
      }
      if (provider.revokeReader === undefined) throw notIssued(name);
      const files = [...one.files].map(([path, bytes]) => ({
        name: path.slice(name.length + 1),
        content: Secret.of(bytes),
      }));
      await provider.revokeReader({ config, files });
      ended.push({ store: name, kept: null });
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      ended.push({ store: name, kept: error });
    }
  }
  return { ended, left };
}

/** What a home reads each of its stores with. */
export function credentialsOf(home: HomeFiles): readonly Credential[] {
  const { stores = [] } = JSON.parse(home.get(SETTINGS)?.toString("utf8") ?? "{}") as Partial<DriverSettings>;
  return stores.map((store) => ({
    store,
    files: new Map([...home].filter(([path]) => path.startsWith(`${store.name}/`))),
  }));
}

const textOf = ({ store, files }: Credential): string =>
  JSON.stringify([store, [...files].map(([path, bytes]) => `${path} ${bytes.toString("base64")}`).toSorted()]);

const homeWith = ({ store, files }: Credential): HomeFiles =>
  new Map([...files, [SETTINGS, Buffer.from(JSON.stringify({ stores: [store] }))]]);

const notIssued = (store: string): UnsprawlError =>
  new UnsprawlError(
    "refused",
    `${store} has no credential of the plugin's alone`,
    "withdraw the reader's rights at the store, if nobody else uses it",
  );
