import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startSecretManager, type SecretManager } from "../services/secret-manager.ts";

// Application Default Credentials: which login is taken, and what is said where there is none that works.

async function started(options = {}): Promise<SecretManager> {
  const double = await startSecretManager(options);
  onTestFinished(() => double.stop());
  return double;
}

type Values = { readonly [key: string]: Json };

/** A store of the double with this environment alone; HOME is empty, and nobody is the machine's account. */
function open(double: SecretManager, env: { readonly [name: string]: string }, config: Values = {}): Promise<Provider> {
  const base = { HOME: join(double.dir, "home"), GCE_METADATA_HOST: new URL(double.url).host };
  const own = { projectId: double.projectId, endpoint: double.url, ...config };
  return openSpec({ provider: "gcp-secret-manager", config: own, env: { ...base, ...env }, dir: double.dir });
}

const absent = (store: Provider): Promise<unknown> => store.get({ path: "absent", field: "" });

function written(double: SecretManager, name: string, text: string): string {
  const path = join(double.dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

test("in the order of Google's libraries: the named file, gcloud's own, the machine's account", async () => {
  const double = await started();
  double.login.machine = double.accounts.reader;
  expect(await absent(await open(double, {}))).toBe(null);
  const user = readFileSync(double.userFile("reader"), "utf8");
  written(double, "home/.config/gcloud/application_default_credentials.json", user);
  expect(await absent(await open(double, {}))).toBe(null);
  expect(await absent(await open(double, { GOOGLE_APPLICATION_CREDENTIALS: double.keyFile("reader") }))).toBe(null);
  const elsewhere = dirname(written(double, "sdk/application_default_credentials.json", user));
  expect(await absent(await open(double, { CLOUDSDK_CONFIG: elsewhere }))).toBe(null);
  expect(double.login.grants).toEqual(["metadata", "refresh_token", "jwt-bearer", "refresh_token"]);
});

test("the configuration comes before the environment: a file, or a token that another program keeps fresh", async () => {
  const double = await started();
  const env = { GOOGLE_APPLICATION_CREDENTIALS: double.keyFile("nobody") };
  double.login.machine = double.accounts.reader;
  await absent(await open(double, {}));
  written(double, "token", `${double.login.tokens[0] ?? ""}\n`);
  for (const auth of [
    { method: "file", credentialsFile: double.keyFile("reader") },
    { method: "token", tokenFile: "token" },
  ])
    expect(await absent(await open(double, env, { auth }))).toBe(null);
  await expect(absent(await open(double, env))).rejects.toMatchObject({ code: "denied" });
});

test("a token is asked for once, and again when it ends or is refused", async () => {
  const double = await started();
  const env = { GOOGLE_APPLICATION_CREDENTIALS: double.keyFile("reader") };
  const store = await open(double, env);
  for (let times = 0; times < 3; times++) await absent(store);
  expect(double.login.grants).toHaveLength(1);
  double.login.expire();
  await Promise.all([absent(store), absent(store)]);
  expect(double.login.grants.length).toBeGreaterThan(1);
  // One that lives shorter than others are renewed before their end.
  const brief = await started({ tokenSeconds: 40 });
  const short = await open(brief, { GOOGLE_APPLICATION_CREDENTIALS: brief.keyFile("reader") });
  for (let times = 0; times < 2; times++) await absent(short);
  expect(brief.login.grants).toHaveLength(1);
});

test("a person's requests name the project whose quota they use", async () => {
  const double = await started();
  const file = double.userFile("reader");
  const store = await open(double, { GOOGLE_APPLICATION_CREDENTIALS: file });
  await absent(store);
  expect(double.quotas).toEqual([undefined, double.projectId]);
});

test.each([
  ["no login at all", "", /there is no login for Google Cloud here/, /^gcloud auth application-default login, or set/],
  ["text that is not JSON", "x", /is not JSON/, /gcloud/],
  ["a key without its parts", '{"type":"service_account"}', /has no client_email/, /gcloud/],
  [
    "workload identity federation",
    '{"type":"external_account","audience":"x"}',
    /of the kind external_account, which unsprawl cannot use/,
    /^gcloud auth print-access-token > token, and auth: \{ method: token, tokenFile: token \}/,
  ],
  [
    "a login that would leave this machine in clear",
    '{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","token_uri":"http://login.invalid/"}',
    /token_uri that is not https/,
    /gcloud/,
  ],
])("%s is said, with what to type", async (_what, text, message, hint) => {
  const double = await started();
  const env: { readonly [name: string]: string } =
    text === "" ? {} : { GOOGLE_APPLICATION_CREDENTIALS: written(double, "credentials.json", text) };
  const error = await absent(await open(double, env)).catch((one: unknown) => one);
  expect(error).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
  expect((await (await open(double, env)).check()).at(-1)).toMatchObject({ right: "authenticate", ok: false });
});

test("a key that was taken back is denied, and the error quotes nothing of it", async () => {
  const double = await started();
  const key = JSON.parse(readFileSync(double.keyFile("writer"), "utf8")) as { private_key: string };
  const file = written(double, "gone.json", JSON.stringify({ ...key, client_email: "gone@x.iam.gserviceaccount.com" }));
  const error = await absent(await open(double, { GOOGLE_APPLICATION_CREDENTIALS: file })).catch((one: unknown) => one);
  expect(error).toMatchObject({
    code: "denied",
    hint: expect.stringContaining("gcloud iam service-accounts keys list --iam-account gone@x.iam.gserviceaccount.com"),
  });
  expect(JSON.stringify(error)).not.toContain(key.private_key.split("\n")[2]);
});

test("settings that could not work are refused before anything is sent", async () => {
  const double = await started();
  for (const [config, message] of [
    [{ endpoint: "http://secretmanager.invalid" }, /endpoint must begin with https/],
    [{ endpoint: "https://user:x@host.invalid" }, /holds more than a host/],
    [
      { endpoint: "https://secretmanager.europe-west3.rep.googleapis.com" },
      /regional secrets, which are not supported/,
    ],
    [{ projectId: "Not/One" }, /projectId is not/],
    [{ locations: ["Frankfurt am Main"] }, /names no region/],
    [{ name: "{subject}" }, /must hold \{name\}/],
    [{ name: "{subject}/{name}" }, /cannot have/],
    [{ auth: { method: "file" } }, /auth.credentialsFile is missing/],
    [{ auth: { tokenFile: "x" } }, /goes with another method/],
  ] as const)
    await expect(open(double, {}, config as Values)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(message),
    });
  const bare = { provider: "gcp-secret-manager", config: {}, dir: double.dir };
  await expect(openSpec({ ...bare, env: {} })).rejects.toMatchObject({
    code: "config",
    hint: expect.stringContaining("GOOGLE_CLOUD_PROJECT"),
  });
  expect((await openSpec({ ...bare, env: { GCP_PROJECT: "team" } })).target.settings).toMatchObject({
    projectId: "team",
  });
  expect(double.log).toEqual([]);
});

test("a reader's token is handed out as it is configured, and none is made", async () => {
  const double = await started();
  written(double, "reader-token", "t");
  const config = { reader: { method: "token", tokenFile: "reader-token" } };
  const { files, config: issued } = await (await open(double, {}, config)).issueReader();
  expect(files.map(({ name, content }) => [name, content.equals(Secret.of("t"))])).toEqual([["credentials", true]]);
  expect(issued).toMatchObject({ auth: { method: "token", tokenFile: "{dir}/credentials" } });
  await expect((await open(double, {})).issueReader()).rejects.toMatchObject({
    code: "denied",
    hint: expect.stringContaining("gcloud iam service-accounts create unsprawl-runtime"),
  });
});
