import { HttpClient } from "../../src/kit/net/client.ts";
import { objectIn, type JsonObject } from "../../src/kit/json-object.ts";
import { sign } from "../../src/kit/net/sigv4.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { awsError } from "../../src/stores-kit/aws-errors.ts";
import { clientOptions, readAws } from "../../src/stores-kit/aws.ts";
import { readCredential, signedJwt } from "../../src/stores-kit/google-login.ts";
import type { VaultAuth } from "./auth-settings.ts";

type CloudMethod = "aws" | "azure" | "gcp";
type CloudAuth<method extends CloudMethod> = Extract<VaultAuth, { method: method }>;
type LoginBody = { readonly [key: string]: string };

/**
 * What proves to a Vault who this machine is in a cloud: the body of `auth/MOUNT/login`. Each call asks the cloud again.
 * Throws `denied` if the cloud has no identity for this machine, `config` for a login that cannot be used.
 */
export function cloudIdentity(auth: CloudAuth<CloudMethod>, env: NodeJS.ProcessEnv): Promise<LoginBody> {
  if (auth.method === "aws") return awsIdentity(auth, env);
  return auth.method === "azure" ? azureIdentity(auth, env) : gcpIdentity(auth, env);
}

/** A signed request for one's own name, which the Vault sends to STS (Vault API, auth/aws, Login). */
async function awsIdentity({ role, region, serverId }: CloudAuth<"aws">, env: NodeJS.ProcessEnv): Promise<LoginBody> {
  const [{ STSClient }, options] = await Promise.all([
    import("@aws-sdk/client-sts"),
    clientOptions(readAws({}, env, ".", "STS"), env),
  ]);
  const keys = await new STSClient({ region: "us-east-1", ...options }).config.credentials().catch((error: unknown) => {
    throw awsError(error, { action: "sts:GetCallerIdentity", resource: "*", store: "STS" });
  });
  // As the Vault's own default, unless it uses regional endpoints.
  const host = region === undefined ? "sts.amazonaws.com" : `sts.${region}.${partitionOf(region)}`;
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const headers = sign({
    ...{ method: "POST", host, path: "/", query: "", body, region: region ?? "us-east-1", service: "sts" },
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      ...(serverId === undefined ? {} : { "x-vault-aws-iam-server-id": serverId }),
    },
    ...{ id: keys.accessKeyId, secret: keys.secretAccessKey, token: keys.sessionToken ?? null, now: new Date() },
  });
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return {
    ...(role === undefined ? {} : { role }),
    iam_http_request_method: "POST",
    iam_request_url: base64(`https://${host}/`),
    iam_request_body: base64(body),
    iam_request_headers: base64(JSON.stringify(headers)),
  };
}

function partitionOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** Vault accepts such a JWT for 15 minutes at most, and clocks differ. */
const JWT_SECONDS = 10 * 60;

/** A JWT of a service account's key, or of the machine (Vault API, auth/gcp, Login). */
async function gcpIdentity({ role, credentialsFile }: CloudAuth<"gcp">, env: NodeJS.ProcessEnv): Promise<LoginBody> {
  const credential = await readCredential(
    credentialsFile === undefined ? { method: "default" } : { method: "file", credentialsFile },
    env,
  );
  const aud = `vault/${role}`;
  if (credential.kind === "service_account") {
    const exp = Math.floor(Date.now() / 1000) + JWT_SECONDS;
    return { role, jwt: signedJwt(credential, { sub: credential.email, aud, exp }) };
  }
  if (credential.kind !== "machine")
    throw new UnsprawlError(
      "config",
      `${credential.from} is a person's login, which no Vault accepts for gcp`,
      "name a service account's key by auth.credentialsFile or GOOGLE_APPLICATION_CREDENTIALS",
    );
  const url = new URL(
    `identity?${new URLSearchParams({ audience: aud, format: "full" }).toString()}`,
    credential.account,
  );
  const answer = await metadata(url, { "Metadata-Flavor": "Google" }, 10_000);
  if (answer !== null && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(answer)) return { role, jwt: answer };
  throw new UnsprawlError(
    "denied",
    `${credential.from} has no identity for this machine`,
    "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key, or give this machine an account",
  );
}

/** A token of Entra for the Vault's resource, and which machine this is (Vault API, auth/azure, Login). */
async function azureIdentity({ role, resource }: CloudAuth<"azure">, env: NodeJS.ProcessEnv): Promise<LoginBody> {
  const [{ DefaultAzureCredential }, machine] = await Promise.all([import("@azure/identity"), azureMachine(env)]);
  const jwt = await new DefaultAzureCredential({ retryOptions: { maxRetries: 1 } })
    // With the slash that the resource may end in: its name is compared as a text.
    .getToken(`${resource}/.default`)
    .catch((error: unknown) => {
      // The SDK's text is searched for its code and not repeated.
      const code = /AADSTS\d+/.exec(String(error))?.[0];
      throw new UnsprawlError(
        "denied",
        code === undefined ? "there is no identity of Azure here" : `Entra gives no token for the Vault (${code})`,
        "az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give this machine a managed identity; check auth.resource",
        code,
      );
    });
  return { role, jwt: jwt.token, ...machine };
}

/** The names that roles bound to machines ask for; nothing outside of a machine of Azure. */
async function azureMachine(env: NodeJS.ProcessEnv): Promise<LoginBody> {
  const host = env["AZURE_POD_IDENTITY_AUTHORITY_HOST"] || "http://169.254.169.254";
  const url = URL.parse("/metadata/instance/compute?api-version=2021-02-01&format=json", host);
  const found = url === null ? null : objectIn((await metadata(url, { Metadata: "true" }, 2000)) ?? "");
  const word = (key: string, name: string): LoginBody => textAt(found, key, name);
  return {
    ...word("subscriptionId", "subscription_id"),
    ...word("resourceGroupName", "resource_group_name"),
    ...word("name", "vm_name"),
    ...word("vmScaleSetName", "vmss_name"),
  };
}

function textAt(of: JsonObject | null, key: string, name: string): LoginBody {
  const text = of?.[key];
  return typeof text === "string" && text !== "" ? { [name]: text } : {};
}

/** What a cloud's metadata server says; null if there is none or if it has nothing to say. */
async function metadata(url: URL, headers: LoginBody, wholeMs: number): Promise<string | null> {
  // It is behind no proxy.
  const client = new HttpClient({ route: () => ({ reach: NAMED, proxy: null }), sockets: 0, wholeMs });
  try {
    const { status, bytes, whole } = await client.read({ method: "GET", url, headers }, 65_536);
    return status === 200 && whole ? bytes.toString("utf8").trim() : null;
  } catch {
    return null;
  } finally {
    client.close();
  }
}
