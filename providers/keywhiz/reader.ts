import { readFile } from "node:fs/promises";
import type { Provider, ReaderFile } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { keywhizClient } from "./client.ts";
import { deliveredNames } from "./delivery.ts";
import type { Identity, KeywhizSettings } from "./settings.ts";

type IssuedKeywhizReader = Awaited<ReturnType<Provider["issueReader"]>>;

/**
 * The certificate that `reader` names, after proving that it is accepted and can write nothing. unsprawl has no CA to
 * issue one with: without `reader` it throws `denied` with instructions. Reads only what its client's groups have.
 */
export async function issueReader(settings: KeywhizSettings): Promise<IssuedKeywhizReader> {
  const { url, caFile, name, groups, reader } = settings;
  if (reader === null) {
    const into = groups.length === 0 ? "the groups of the secrets" : `the group ${groups.join(", ")}`;
    throw new UnsprawlError(
      "denied",
      "Keywhiz knows its clients by certificates, and unsprawl cannot issue one for the runtime",
      cmd`let an operator issue a certificate for this host's runtime, create its client (no automationAllowed) in ${into}, and set reader: { certFile, keyFile } in the store's configuration`,
    );
  }
  await prove({ ...settings, identity: reader, delivery: "client" }).catch((error: unknown) => {
    if (!(error instanceof UnsprawlError)) throw error;
    const cause = typeof error.cause === "string" ? error.cause : undefined;
    throw new UnsprawlError(error.code, `reader: ${error.message}`, error.hint, cause);
  });
  const ca = caFile === null ? [] : [await copy(caFile, "ca.pem")];
  const { keys, files } = await copies(reader);
  return {
    config: { url, ...(caFile === null ? {} : { caFile: "{dir}/ca.pem" }), ...keys, name, delivery: "client" },
    files: [...ca, ...files],
  };
}

async function prove(as: KeywhizSettings): Promise<void> {
  const client = keywhizClient(as);
  await deliveredNames(client, as.url);
  const { status } = await client.call("GET", "/automation/v2/groups", { expect: [401, 403] });
  if (status >= 400) return;
  throw new UnsprawlError(
    "refused",
    "the reader's client may use the automation API: it could write, and read everything",
    "name a certificate in reader whose client has no automationAllowed",
  );
}

async function copies(
  reader: Identity,
): Promise<{ readonly keys: { readonly [key: string]: string }; readonly files: readonly ReaderFile[] }> {
  if (reader.kind === "pem")
    return {
      keys: { certFile: "{dir}/client.crt", keyFile: "{dir}/client.key" },
      files: [await copy(reader.certFile, "client.crt"), await copy(reader.keyFile, "client.key")],
    };
  const { p12File, p12PasswordFile } = reader;
  const password = p12PasswordFile === null ? [] : [await copy(p12PasswordFile, "client.password")];
  return {
    keys: {
      p12File: "{dir}/client.p12",
      ...(p12PasswordFile === null ? {} : { p12PasswordFile: "{dir}/client.password" }),
    },
    files: [await copy(p12File, "client.p12"), ...password],
  };
}

async function copy(file: string, name: string): Promise<ReaderFile> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileError(error, file);
  });
  return { name, content: Secret.of(bytes) };
}
