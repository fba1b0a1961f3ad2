import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { startKeyVault, type KeyVault } from "../../services/key-vault.ts";
import { filesOf, layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password, planOf, printed } from "../files-world.ts";

// Descriptions of Azure's own platforms, with references in Azure's own form; the vault is a double.

let vault: KeyVault;
let world: World;
const secrets = [password(), password(), password()] as const;

beforeAll(async () => {
  vault = await startKeyVault();
  world = makeWorld("unix:///nowhere", vault.env("writer"));
  world.plant(Object.fromEntries(secrets.map((secret, at) => [`SECRET_${at}`, secret])));
  const store = { provider: "azure-key-vault", url: vault.url, challengeResourceVerification: false };
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores: { azure: { ...store, caFile: vault.caFile } } }));
});
afterAll(async () => {
  await vault?.stop();
  world?.remove();
});

/** Moves what is in a folder of these files, and back; the text of the first in between. */
async function moved(dir: string, files: { readonly [file: string]: string }): Promise<string> {
  layFiles(world.dir, Object.fromEntries(Object.entries(files).map(([file, text]) => [`${dir}/${file}`, text])));
  const before = filesOf(join(world.dir, dir));
  const ran = await world.unsprawl(["migrate", `dir:${dir}`, "--to", "azure", "--yes"]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(printed(ran)).toContain("Key Vault Secrets User");
  const text = readFileSync(join(world.dir, dir, Object.keys(files)[0] ?? ""), "utf8");
  const back = await world.unsprawl(["rollback", "last"]);
  expect(back.code, back.stderr).toBe(0);
  expect(filesOf(join(world.dir, dir))).toEqual(before);
  return text;
}

it("settings of an App Service refer to the vault, and differ in nothing else", async () => {
  const settings = (first: string, second: string): string => `[
  { "name": "PORT", "value": "80", "slotSetting": false },
  {"name": "DB_PASSWORD", "slotSetting": true, "value": ${JSON.stringify(first)}},
  {
    "name": "SESSION_SECRET",
    "value": ${JSON.stringify(second)}
  }
]
`;
  const uri = (name: string): string => `@Microsoft.KeyVault(SecretUri=${vault.url}/secrets/shop--web-${name})`;
  expect(await moved("shop", { "web.json": settings(secrets[0], secrets[1]) })).toBe(
    settings(uri("DB-PASSWORD"), uri("SESSION-SECRET")),
  );
});

it.each([
  ["system", "identity:\n  type: SystemAssigned\n"],
  [
    "/subscriptions/0/app",
    "identity:\n  type: UserAssigned\n  userAssignedIdentities:\n    /subscriptions/0/app: {}\n",
  ],
])("secrets of a Container App are read by its identity (%s), and differ in nothing else", async (identity, head) => {
  const app = (first: readonly string[], second: string): string => `${head}properties:
  environmentId: /subscriptions/0/resourceGroups/shop/providers/Microsoft.App/managedEnvironments/shop
  configuration:
    secrets:
      - name: db-password # of the shop
        ${first.join("\n        ")}
      - {name: api-token, ${second}}
  template:
    containers:
      - name: web
        image: shop/web
        env:
          - name: DB_PASSWORD
            secretRef: db-password
`;
  const text = await moved("app", { "app.yaml": app([`value: ${secrets[0]}`], `value: "${secrets[1]}"`) });
  const uri = (name: string): string => `${vault.url}/secrets/app--app-${name}`;
  expect(text).toBe(
    app(
      [`keyVaultUrl: ${uri("db-password")}`, `identity: ${identity}`],
      `keyVaultUrl: "${uri("api-token")}", identity: "${identity}"`,
    ),
  );
  expect(parse(text)).toBeDefined();
});

it("an ARM template's secret has JSON's form, and is read by the resource's identity; one of several is not guessed", async () => {
  const template = (fields: object, ...identities: readonly string[]): string =>
    JSON.stringify({
      resources: [
        {
          type: "Microsoft.App/containerApps",
          identity: { userAssignedIdentities: Object.fromEntries(identities.map((name) => [name, {}])) },
          properties: {
            configuration: { secrets: [{ name: "db-password", ...fields }] },
            template: { containers: [{ name: "web" }] },
          },
        },
      ],
    });
  const read = (text: string): unknown => JSON.parse(text);
  const keyVaultUrl = `${vault.url}/secrets/arm--main-db-password`;
  expect(read(await moved("arm", { "main.json": template({ value: secrets[2] }) }))).toEqual(
    read(template({ keyVaultUrl, identity: "system" })),
  );
  const [one, two] = [
    "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'app')]",
    "/subscriptions/0/two",
  ];
  expect(read(await moved("arm", { "main.json": template({ value: secrets[2] }, one) }))).toEqual(
    read(template({ keyVaultUrl, identity: one }, one)),
  );
  layFiles(world.dir, { "arm/main.json": template({ value: secrets[2] }, one, two) });
  const several = await world.unsprawl(["plan", "dir:arm", "--to", "azure"]);
  expect([several.code, printed(several)]).toEqual([
    3,
    expect.stringContaining("the Container App has several identities"),
  ]);
});

it("another store, and a setting that is there twice, are refused", async () => {
  const item = { name: "DB_PASSWORD", slotSetting: false };
  layFiles(world.dir, { "no/web.json": JSON.stringify([{ ...item, value: secrets[0] }], null, 2) });
  const other = await planOf(world, "dir:no", ["--to", "local"]);
  expect(other.notMoved.map(({ reason, hint }) => [reason, hint])).toEqual([
    ["App Service cannot read local", "--to a store of Azure Key Vault"],
  ]);
  layFiles(world.dir, {
    "no/web.json": JSON.stringify(
      [
        { ...item, value: secrets[0] },
        { ...item, value: secrets[1] },
      ],
      null,
      2,
    ),
  });
  const both = await planOf(world, "dir:no", ["--to", "azure"]);
  expect(new Set(both.notMoved.map(({ reason }) => reason))).toEqual(new Set(["is set twice, and only one counts"]));
});
