import type { Provider } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { VaultClient } from "./client.ts";
import { readerName } from "./reader.ts";
import type { VaultSettings } from "./settings.ts";

type EndedVaultReader = Parameters<NonNullable<Provider["revokeReader"]>>[0];

/** Ends what `issueReader` issued: a token ends itself, a role's secret id is destroyed with the operator's login. */
export async function revokeReader(
  { config, files }: EndedVaultReader,
  settings: VaultSettings,
  client: VaultClient,
): Promise<void> {
  const issued = { namespace: null, ...config } as unknown as VaultSettings;
  if (issued.address !== settings.address || issued.namespace !== settings.namespace)
    throw new UnsprawlError(
      "refused",
      `the credential is of ${issued.address}, and this store is ${settings.address}`,
      "ask an operator of that server to revoke it",
    );
  const secretIn = (name: string): string | null =>
    files
      .find((file) => file.name === name)
      ?.content.exposeText()
      .trim() ?? null;
  const [token, secretId] = [secretIn("token"), secretIn("secret-id")];
  if (secretId !== null) {
    const { mount = "approle" } = issued.auth as { readonly mount?: string };
    const role = `auth/${mount}/role/${readerName(issued)}`;
    const path = `${role}/secret-id/destroy`;
    const { status } = await client.call("POST", path, {
      json: { secret_id: secretId },
      needs: [{ path, capabilities: ["update"] }],
      expect: [403, 404],
    });
    if (status < 300 || status === 404) return;
    await client.mustBeKnown();
    throw notRevoked(
      cmd`vault list ${`${role}/secret-id`}, then destroy its accessor; or add to the policy: path "${path}" { capabilities = ["update"] }`,
    );
  }
  if (token === null) throw notRevoked("ask an operator to revoke it");
  const { status } = await client.bare("POST", "auth/token/revoke-self", undefined, token);
  if (status >= 300) throw notRevoked("unused, it ends by itself within 32 days");
}

const notRevoked = (hint: string): UnsprawlError =>
  new UnsprawlError(
    "denied",
    "Vault did not revoke the credential: it has ended already, or this may not be done",
    hint,
  );
