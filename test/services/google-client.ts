import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { pythonWith } from "./python.ts";

/** Reads `latest` of each name, then creates what `write` has. The token comes from the key file's own server. */
const SCRIPT = `
import base64, json, os, sys
from google.api_core.client_options import ClientOptions
from google.auth.transport.requests import Request
from google.cloud import secretmanager_v1 as sm
from google.oauth2 import credentials, service_account

asked = json.load(sys.stdin)
scopes = ["https://www.googleapis.com/auth/cloud-platform"]
key = service_account.Credentials.from_service_account_file(os.environ["GOOGLE_APPLICATION_CREDENTIALS"], scopes=scopes)
key.refresh(Request())
options = ClientOptions(api_endpoint=os.environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"])
login = credentials.Credentials(key.token)
client = sm.SecretManagerServiceClient(transport="rest", client_options=options, credentials=login)
parent = "projects/" + os.environ["GOOGLE_CLOUD_PROJECT"]
read = {}
for name in asked["read"]:
    answer = client.access_secret_version(name=f"{parent}/secrets/{name}/versions/latest")
    read[name] = base64.b64encode(answer.payload.data).decode()
for name, data in asked["write"].items():
    secret = {"replication": {"automatic": {}}, "labels": {"team": "ops"}, "annotations": {"note": "by hand"}}
    client.create_secret(parent=parent, secret_id=name, secret=secret)
    client.add_secret_version(parent=f"{parent}/secrets/{name}", payload={"data": base64.b64decode(data)})
names = sorted(one.name.rsplit("/", 1)[1] for one in client.list_secrets(parent=parent))
print(json.dumps({"read": read, "names": names}))
`;

/**
 * Google's own client of Secret Manager (google-cloud-secret-manager, over REST) with google-auth, as the account that
 * `env` names: what it reads by name, after which it creates `write`; and the names of all secrets then.
 */
export async function googleClient(
  env: { readonly [name: string]: string },
  read: readonly string[],
  write: { readonly [name: string]: string } = {},
): Promise<{ readonly read: { readonly [name: string]: string }; readonly names: readonly string[] }> {
  const python = await pythonWith("google-cloud-secret-manager");
  // Without blocking this process, in which the double runs.
  const child = spawn(python, ["-c", SCRIPT], { env: { ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const base64 = Object.fromEntries(
    Object.entries(write).map(([name, to]) => [name, Buffer.from(to).toString("base64")]),
  );
  child.stdin.end(JSON.stringify({ read, write: base64 }));
  const [out, problems] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error(`Google's client failed:\n${problems.slice(-1500)}`);
  const said = JSON.parse(out) as Awaited<ReturnType<typeof googleClient>>;
  const texts = Object.entries(said.read).map(([name, data]) => [name, Buffer.from(data, "base64").toString("utf8")]);
  return { names: said.names, read: Object.fromEntries(texts) as { [name: string]: string } };
}
