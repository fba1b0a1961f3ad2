import { readFile } from "node:fs/promises";
import type { Provider } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { publicSettings, type GcpSettings } from "./settings.ts";

/**
 * The login that the configuration names as its reader, for the OCI runtime. unsprawl creates no service accounts:
 * without it throws `denied` with the commands for an operator.
 */
export async function issueReader(settings: GcpSettings): ReturnType<Provider["issueReader"]> {
  const { reader, projectId } = settings;
  if (reader === null) {
    const account = `unsprawl-runtime@${projectId}.iam.gserviceaccount.com`;
    throw new UnsprawlError(
      "denied",
      "unsprawl creates no Google Cloud service accounts for the runtime",
      cmd`gcloud iam service-accounts create unsprawl-runtime --project ${projectId}; gcloud projects add-iam-policy-binding ${projectId} --member ${`serviceAccount:${account}`} --role roles/secretmanager.secretAccessor; gcloud iam service-accounts keys create reader.json --iam-account ${account}; then ${bare("reader: { method: file, credentialsFile: reader.json }")} in the store's configuration (or ${bare("reader: { method: default }")} on a machine with such an account)`,
    );
  }
  const { reader: _, auth: __, ...shared } = publicSettings(settings);
  if (reader.method === "default") return { config: shared, files: [] };
  const file = reader.method === "file" ? reader.credentialsFile : reader.tokenFile;
  const content = await readFile(file).catch((error: unknown) => {
    throw fileError(error, file);
  });
  const key = reader.method === "file" ? "credentialsFile" : "tokenFile";
  return {
    config: { ...shared, auth: { method: reader.method, [key]: "{dir}/credentials" } },
    files: [{ name: "credentials", content: Secret.of(content) }],
  };
}
