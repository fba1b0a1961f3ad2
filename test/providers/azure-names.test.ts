import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { provider } from "../../providers/azure-key-vault/index.ts";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import { codeOf } from "../conformance/bench.ts";

const open = (
  config: { readonly [key: string]: Json },
  env: { readonly [name: string]: string } = {},
): Promise<Provider> => provider.open("store", config, { env: { ...env }, dir: tmpdir() });
const team = (config: { readonly [key: string]: Json } = {}): Promise<Provider> =>
  open({ url: "https://team.vault.azure.net", ...config });
const named = (name: string, subject = "api") => ({ subject, project: "", name });
const VERSION = "0123456789abcdef0123456789abcdef";

test.for([
  ["DB_PASSWORD", "api-DB-PASSWORD"],
  ["db.url", "api-db-x2e-url"],
  ["größe", "api-gr-xf6--xdf-e"],
  ["🔑", "api--x1f511-"],
])("%s becomes %s, and is told again", async ([variable = "", path]) => {
  const store = await team();
  const key = store.key(named(variable));
  expect(key).toEqual({ path, field: "" });
  expect(store.names(key)).toEqual(named(variable));
  expect(store.key(named(variable))).toEqual(key);
});

test.for([
  ["an underscore and a dash", named("DB_PASSWORD"), named("DB-PASSWORD")],
  ["cases", named("DB_PASSWORD"), named("db_password")],
  ["a character and its spelling", named("A.B"), named("A-x2e-B")],
  ["the border between subject and variable", named("KEY", "api-v2"), named("V2_KEY")],
] as const)("%s: two names that would become one are refused, and said", async ([, one, other]) => {
  const store = await team();
  store.key(one);
  expect(() => store.key(other)).toThrow(expect.objectContaining({ code: "refused" }));
  const both = new RegExp(`${one.name}.* and ${other.name}.* would both become`);
  expect(() => store.key(other)).toThrow(both);
});

test("services of one name in two projects have names of their own, and a container without a project", async () => {
  const store = await team();
  const paths = ["shop", "blog", ""].map((project) => store.key({ subject: "db", project, name: "A" }).path);
  expect(paths).toEqual(["shop--db-A", "blog--db-A", "db-A"]);
  const fresh = await team();
  expect(paths.map((path) => fresh.names({ path, field: "" }).project)).toEqual(["shop", "blog", ""]);
  expect(() => store.key({ subject: "shop--db", project: "", name: "A" })).toThrow(
    expect.objectContaining({ code: "refused" }),
  );
});

test("only the names that the template uses tell two apart", async () => {
  const store = await team({ name: "shared-{name}" });
  expect(store.key(named("KEY", "a"))).toEqual(store.key(named("KEY", "b")));
});

test("a name longer than the vault takes is refused", async () => {
  const store = await team();
  expect(store.key(named("A".repeat(123))).path).toHaveLength(127);
  expect(() => store.key(named("A".repeat(124)))).toThrow(/128 characters/);
});

test.for([
  ["https://team.vault.azure.net/", "team"],
  ["https://team.vault.usgovcloudapi.net", "team.vault.usgovcloudapi.net"],
  ["https://vault.example:9443", "vault.example:9443"],
])("the vault at %s is called %s in references, as vals reads them", async ([url = "", vault]) => {
  const store = await open({ url });
  const key = store.key(named("DB_PASSWORD"));
  expect(store.reference(key)).toBe(`ref+azurekeyvault://${vault}/api-DB-PASSWORD`);
  expect(store.parse(store.reference(key))).toEqual(key);
});

test("references: with a version, of another vault, malformed", async () => {
  const store = await team();
  const pinned = store.parse(`ref+azurekeyvault://team/api-KEY/${VERSION}`);
  expect(pinned).toEqual({ path: `api-KEY/${VERSION}`, field: "" });
  expect(store.reference(pinned ?? { path: "", field: "" })).toBe(`ref+azurekeyvault://team/api-KEY/${VERSION}`);
  expect(store.parse("ref+azurekeyvault://TEAM.vault.azure.net/api-KEY")).toEqual({ path: "api-KEY", field: "" });
  expect(store.parse("ref+azurekeyvault://other/api-KEY")).toBe(null);
  const parts = ["", "team", "team/", "team/A_B", "team/A#/b", "team/A?version=1", "team/A/1", `team/A/${VERSION}/x`];
  for (const broken of parts)
    expect(() => store.parse(`ref+azurekeyvault://${broken}`), broken).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
});

test("the policy names the role, the vault and this subject's secrets, for both ways of granting", async () => {
  const policy = await (await team()).policy({ subject: "my_api", project: "shop" });
  expect(policy).toMatch(
    /az role assignment create --role "Key Vault Secrets User".*\/vaults\/team\/secrets\/shop--my-api-NAME"/,
  );
  expect(policy).toMatch(/az keyvault set-policy --name team .*--secret-permissions get$/m);
});

test.for<[string, { readonly [key: string]: Json }, RegExp]>([
  ["no url", {}, /URL of the Key Vault is not set/],
  ["a url without TLS", { url: "http://team.vault.azure.net" }, /https/],
  ["a url of a secret", { url: "https://team.vault.azure.net/secrets/a" }, /more than a host/],
  ["a template without {name}", { url: "https://a.vault.azure.net", name: "{subject}" }, /\{name\}/],
  [
    "a template with a slash",
    { url: "https://a.vault.azure.net", name: "apps/{name}" },
    /a Key Vault name cannot have/,
  ],
  ["a flag in quotes", { url: "https://a.vault.azure.net", pinVersion: "true" }, /true or false/],
  ["an unknown key of auth", { url: "https://a.vault.azure.net", auth: { metod: "default" } }, /auth\.metod/],
  ["another method", { url: "https://a.vault.azure.net", auth: { method: "browser" } }, /auth\.method/],
  [
    "a file that is not there",
    {
      url: "https://a.vault.azure.net",
      auth: { method: "client-secret", tenantId: "t", clientId: "c", clientSecretFile: "no-such-file" },
    },
    /no-such-file/,
  ],
])("%s is a mistake in the configuration", async ([, config, why]) => {
  const error: unknown = await open(config).catch((one: unknown) => one);
  expect(codeOf(error)).toBe("config");
  expect(String(error)).toMatch(why);
});

test("the environment names the vault where the configuration does not", async () => {
  const store = await open({}, { AZURE_KEYVAULT_URL: "https://team.vault.azure.net/" });
  expect(store.target.settings["url"]).toBe("https://team.vault.azure.net");
  expect(JSON.stringify(store.target)).not.toContain("auth");
});
