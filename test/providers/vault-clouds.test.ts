import { createPublicKey, createVerify, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { startMoto, type AwsKeys, type Moto } from "../services/moto.ts";
import { makeWorld, type World } from "../support/world.ts";
import { relay, type Said } from "./vault-forwarder.ts";
import { plainVault, type PlainVault } from "./vault-plain.ts";
import { tokenFor, writerPolicy } from "./vault-world.ts";

// OpenBao has no logins of AWS, Azure and Google Cloud any more. A double of these requests (Vault API, auth/aws, auth/azure,
// auth/gcp) checks what a Vault checks, and hands out tokens of the real OpenBao behind it: AWS's signature is checked by moto,
// to which it sends the signed request as a Vault sends it to STS.

const ROLE = "migrator";
const RESOURCE = "https://vault.example.org/";
const SERVER_ID = "vault.example.org";
const EMAIL = "migrator@project.iam.gserviceaccount.com";
const MACHINE = { subscriptionId: "s-1", resourceGroupName: "group", name: "vm-1", vmScaleSetName: "" };

let vault: PlainVault;
let moto: Moto;
let keys: AwsKeys;
let world: World;
let server: { readonly url: string; stop(): void };
/** The metadata services of Azure and of Google Cloud. */
let metadata: { readonly url: string; stop(): void };
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const azureToken = randomBytes(24).toString("base64url");
const machineJwt = [{ alg: "RS256" }, { aud: `vault/${ROLE}` }].map(base64url).concat("c2ln").join(".");
let bodies: { readonly [key: string]: string }[] = [];
let tokens: string[] = [];

beforeAll(async () => {
  [vault, moto] = await Promise.all([plainVault(), startMoto()]);
  keys = await moto.user({ Effect: "Allow", Action: "sts:*", Resource: "*" });
  await moto.enforce();
  metadata = await relay("http://127.0.0.1:9", async ({ url = "", headers }): Promise<Said> => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    if (headers["metadata-flavor"] === "Google" && pathname.endsWith("/service-accounts/default/identity"))
      return searchParams.get("audience") === `vault/${ROLE}` && searchParams.get("format") === "full"
        ? { status: 200, text: machineJwt }
        : { status: 400, text: "audience" };
    if (headers["metadata"] !== "true") return { status: 400, text: "{}" };
    if (pathname === "/metadata/instance/compute") return { status: 200, text: JSON.stringify(MACHINE) };
    const expires_on = String(Math.floor(Date.now() / 1000) + 3000);
    return searchParams.get("resource") === RESOURCE
      ? {
          status: 200,
          text: JSON.stringify({ access_token: azureToken, expires_on, resource: RESOURCE, token_type: "Bearer" }),
        }
      : { status: 400, text: '{"error":"invalid_resource"}' };
  });
  server = await relay(vault.bao.address, async ({ url = "" }, pass, text): Promise<Said> => {
    const [, mount] = /^\/v1\/auth\/(aws|azure|gcp)\/login$/.exec(url) ?? [];
    if (mount === undefined) return pass();
    const body = JSON.parse(text) as { readonly [key: string]: string };
    bodies.push(body);
    const accepts = { aws: isSigned, azure: isMachine, gcp: isAccount }[mount];
    if (body["role"] !== ROLE || accepts === undefined || !(await accepts(body)))
      return { status: 400, text: JSON.stringify({ errors: [`error validating ${Object.values(body).join(" ")}`] }) };
    const token = await tokenFor(vault.bao, writerPolicy("secret", 2));
    tokens.push(token);
    return {
      status: 200,
      text: JSON.stringify({ auth: { client_token: token, lease_duration: 3600, renewable: true } }),
    };
  });
  world = makeWorld("unix:///nowhere");
});
beforeEach(() => {
  [bodies, tokens] = [[], []];
});
afterAll(async () => {
  world?.remove();
  server?.stop();
  metadata?.stop();
  await Promise.all([vault?.stop(), moto?.stop()]);
});

/** As a Vault does it: the server's own id is signed, and STS says whose signature it is. */
async function isSigned(body: { readonly [key: string]: string }): Promise<boolean> {
  const plain = (key: string): string => Buffer.from(body[key] ?? "", "base64").toString("utf8");
  const headers = JSON.parse(plain("iam_request_headers")) as { readonly [name: string]: string };
  const { host, pathname } = new URL(plain("iam_request_url"));
  const isOurs = /SignedHeaders=[^,]*x-vault-aws-iam-server-id/.test(headers["authorization"] ?? "");
  if (headers["x-vault-aws-iam-server-id"] !== SERVER_ID || !isOurs || pathname !== "/") return false;
  if (host !== "sts.amazonaws.com" || body["iam_http_request_method"] !== "POST") return false;
  const answer = await new Promise<string>((done, fail) => {
    const sent = request(moto.url, { method: "POST", headers: { ...headers, host } }, (said) => {
      let text = "";
      said.setEncoding("utf8").on("data", (part: string) => (text += part));
      said.on("end", () => done(text));
    });
    sent.on("error", fail).end(plain("iam_request_body"));
  });
  return answer.includes("<GetCallerIdentityResult>") && answer.includes(":user/");
}

async function isMachine({
  jwt,
  subscription_id,
  resource_group_name,
  vm_name,
}: {
  readonly [key: string]: string;
}): Promise<boolean> {
  return jwt === azureToken && `${subscription_id}/${resource_group_name}/${vm_name}` === "s-1/group/vm-1";
}

async function isAccount({ jwt = "" }: { readonly [key: string]: string }): Promise<boolean> {
  if (jwt === machineJwt) return true;
  const [head = "", claims = "", signature = ""] = jwt.split(".");
  const verifier = createVerify("sha256").update(`${head}.${claims}`);
  if (!verifier.verify(createPublicKey(rsa.privateKey), Buffer.from(signature, "base64url"))) return false;
  const { sub, aud, exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { [key: string]: unknown };
  const left = Number(exp) - Date.now() / 1000;
  return sub === EMAIL && aud === `vault/${ROLE}` && left > 0 && left <= 900;
}

function base64url(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}

/** `stores check` of a store with this login. Nothing that proves who we are is in what it says. */
async function check(
  auth: { readonly [key: string]: string },
  env: { readonly [name: string]: string } = {},
): Promise<{ readonly code: number | null; readonly text: string }> {
  const store = { provider: "vault", address: server.url, auth };
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores: { prod: store } }));
  const ran = await world.unsprawl(["stores", "check", "prod"], { env: { VAULT_TOKEN: "", ...env } });
  const text = ran.stdout + ran.stderr;
  const proofs = bodies.flatMap((body) => Object.entries(body).filter(([key]) => /jwt|headers/.test(key)));
  const said = [...proofs.map(([, proof]) => proof), ...tokens, azureToken, machineJwt, keys.AWS_SECRET_ACCESS_KEY];
  for (const secret of said) expect(text).not.toContain(secret);
  return { code: ran.code, text: text.replaceAll(/\s+/g, " ") };
}

test("AWS: a signed request for the server's own id lets in, and neither another id nor another key", async () => {
  const auth = { method: "aws", role: ROLE, serverId: SERVER_ID };
  const entered = await check(auth, keys);
  expect(entered.text).toContain("aws; secret/ is KV version 2");
  expect(entered.text).not.toContain("✗");
  expect(entered.code, entered.text).toBe(0);
  const other = await check({ ...auth, serverId: "elsewhere.example.org" }, keys);
  expect(other).toMatchObject({ code: 4, text: expect.stringContaining("refuses the AWS login") as string });
  expect(other.text).toContain("auth.serverId");
  const wrong = await check(auth, { ...keys, AWS_SECRET_ACCESS_KEY: randomBytes(20).toString("hex") });
  expect(wrong.code).toBe(4);
  const none = await check(auth, { AWS_EC2_METADATA_DISABLED: "true" });
  expect(none).toMatchObject({ code: 4, text: expect.stringContaining("no credentials for AWS were found") as string });
  const regional = await check({ ...auth, region: "eu-central-1" }, keys);
  expect(regional.code).toBe(4);
  const urls = bodies.map((body) => Buffer.from(body["iam_request_url"] ?? "", "base64").toString());
  expect(urls.at(-1)).toBe("https://sts.eu-central-1.amazonaws.com/");
});

test("Google Cloud: a service account's key, the machine's own account, and no person's login", async () => {
  const auth = { method: "gcp", role: ROLE };
  const account = {
    ...{ type: "service_account", client_email: EMAIL, private_key_id: "1" },
    private_key: rsa.privateKey.export({ type: "pkcs8", format: "pem" }),
  };
  writeFileSync(join(world.dir, "account.json"), JSON.stringify(account), { mode: 0o600 });
  expect((await check({ ...auth, credentialsFile: "account.json" })).code).toBe(0);
  const GCE_METADATA_HOST = new URL(metadata.url).host;
  expect((await check(auth, { GCE_METADATA_HOST })).code).toBe(0);
  const other = await check({ ...auth, credentialsFile: "account.json", role: "other" });
  expect(other).toMatchObject({ code: 4, text: expect.stringContaining("refuses the Google Cloud login") as string });
  expect(other.text).toContain("vault read auth/gcp/role/other");
  const none = await check(auth, { GCE_METADATA_HOST: "127.0.0.1:9" });
  expect(none).toMatchObject({ code: 4, text: expect.stringContaining("has no identity for this machine") as string });
  const person = { type: "authorized_user", client_id: "1", client_secret: "2", refresh_token: "3" };
  const folder = join(world.dir, ".config/gcloud");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "application_default_credentials.json"), JSON.stringify(person), { mode: 0o600 });
  const refused = await check(auth, { HOME: world.dir, CLOUDSDK_CONFIG: folder });
  expect(refused).toMatchObject({ code: 4, text: expect.stringContaining("a person's login") as string });
});

test("Azure: the machine's identity for the Vault's resource, with the machine's names", async () => {
  const auth = { method: "azure", role: ROLE, resource: RESOURCE };
  const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: metadata.url, AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential" };
  const entered = await check(auth, env);
  expect(entered.text).toContain("azure; secret/ is KV version 2");
  expect(entered.code, entered.text).toBe(0);
  expect(bodies[0]).toEqual({
    ...{ role: ROLE, jwt: azureToken, subscription_id: "s-1", resource_group_name: "group", vm_name: "vm-1" },
  });
  const other = await check({ ...auth, role: "other" }, env);
  expect(other).toMatchObject({ code: 4, text: expect.stringContaining("refuses the Azure login") as string });
  const elsewhere = await check({ ...auth, resource: "https://elsewhere.example.org/" }, env);
  expect(elsewhere).toMatchObject({
    code: 4,
    text: expect.stringContaining("there is no identity of Azure here") as string,
  });
  expect((await check({ method: "azure", role: ROLE }, env)).text).toContain("auth.resource is missing");
});
