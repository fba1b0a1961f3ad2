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

/**
 * Ends at its store each credential among the files of a plugin that is no longer there. `open` gives a store with the login of
 * whoever asks, or null for one to leave out. One that cannot be ended holds up no other.
 */
export async function endCredentials(
  home: HomeFiles,
  open: (name: string) => Promise<Provider | null>,
): Promise<readonly EndedCredential[]> {
  const { stores = [] } = JSON.parse(home.get(SETTINGS)?.toString("utf8") ?? "{}") as Partial<DriverSettings>;
  const ended: EndedCredential[] = [];
  for (const { name, config } of stores) {
    const files = [...home]
      .filter(([path]) => path.startsWith(`${name}/`))
      .map(([path, bytes]) => ({ name: path.slice(name.length + 1), content: Secret.of(bytes) }));
    try {
      const provider = await open(name);
      if (provider === null) continue;
      if (provider.revokeReader === undefined) throw notIssued(name);
      await provider.revokeReader({ config, files });
      ended.push({ store: name, kept: null });
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      ended.push({ store: name, kept: error });
    }
  }
  return ended;
}

const notIssued = (store: string): UnsprawlError =>
  new UnsprawlError(
    "refused",
    `${store} has no credential of the plugin's alone`,
    "withdraw the reader's rights at the store, if nobody else uses it",
  );
