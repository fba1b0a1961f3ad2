import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assemble } from "../../src/assembly/index.ts";
import { ACCEPT_WORDS } from "../../src/assembly/plug-ins.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { mappingText, readMapping, type Mapping, type UnitMapping } from "../../src/core/config/mapping.ts";

let dir: string;
let vault: Provider;
let local: Provider;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-mapping-"));
  const env = { HOME: dir, VAULT_ADDR: "https://vault.invalid:8200", VAULT_TOKEN: "none" };
  const { store } = assemble({ ...env, XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir }, dir, null);
  vault = await store("vault");
  local = await store("local");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function mapping(store: Provider, unit = "api", more: Partial<UnitMapping> = {}): Mapping {
  const key = (name: string) => store.key({ subject: "api", project: "", name });
  const keys = new Map(["DB_PASSWORD", "other/API_TOKEN"].map((name) => [name, key(name.split("/").at(-1) ?? "")]));
  return { overwrite: false, units: new Map([[unit, { deliver: "auto", accept: [], keys, ...more }]]) };
}

test.each(["api", "yes", "0x10", 'we"ird: #', "a\nb", "漢字"])(
  "what is written for a unit called %j reads back as it was",
  async (unit) => {
    for (const store of [vault, local]) {
      const known = mapping(store, unit, { deliver: "shim", accept: ["ports", "rm"] });
      expect(await readMapping(mappingText(known, "prod", ACCEPT_WORDS), known, store, ACCEPT_WORDS)).toEqual(known);
    }
  },
);

test("what was edited counts, what was left out stays as it was", async () => {
  const known = mapping(vault);
  const path = `${vault.key({ subject: "api", project: "", name: "X" }).path}/db`;
  const text = `overwrite: true
units:
  api:
    deliver: file
    accept: [ports]
    secrets:
      DB_PASSWORD: { path: ${path}, field: password }`;
  const { overwrite, units } = await readMapping(text, known, vault, ACCEPT_WORDS);
  expect(overwrite).toBe(true);
  const { keys, ...api } = units.get("api") as UnitMapping;
  expect(api).toEqual({ deliver: "file", accept: ["ports"] });
  expect(keys.get("DB_PASSWORD")).toEqual({ path, field: "password" });
  expect(keys.get("other/API_TOKEN")).toEqual(known.units.get("api")?.keys.get("other/API_TOKEN"));
  expect(await readMapping("", known, vault, ACCEPT_WORDS)).toEqual(known);
});

test.each([
  ["units: [", "line 1: not valid YAML"],
  ["units: { api: {}, api: {} }", "not valid YAML"],
  ["unit: {}", "did you mean units?"],
  ["units: { apo: {} }", "did you mean units.api?"],
  ["units: { api: { delivery: file } }", "did you mean units.api.deliver?"],
  ["units: { api: { deliver: flie } }", "did you mean file?"],
  ["units: { api: { accept: everything } }", "must be a list"],
  ["units: { api: { accept: [port] } }", "did you mean ports?"],
  ["units: { api: { secrets: { DB_PASSWORT: {} } } }", "did you mean units.api.secrets.DB_PASSWORD?"],
  ["units: { api: { secrets: { DB_PASSWORD: { path: 7 } } } }", "path must be text"],
  ['units: { api: { secrets: { DB_PASSWORD: { path: "../up" } } } }', "DB_PASSWORD"],
  ['units: { api: { secrets: { DB_PASSWORD: { field: "" } } } }', "DB_PASSWORD"],
  ["units: { api: { secrets: { DB_PASSWORD: { feild: x } } } }", "did you mean"],
  ["overwrite: perhaps", "true or false"],
])("refuses %s", async (text, said) => {
  const error: unknown = await readMapping(text, mapping(vault), vault, ACCEPT_WORDS).catch((one: unknown) => one);
  expect(`${(error as Error).message}; ${(error as { hint?: string }).hint ?? ""}`).toContain(said);
});

test("a place outside of the store is none of its places", async () => {
  const text = "units: { api: { secrets: { DB_PASSWORD: { path: /etc/passwd } } } }";
  await expect(readMapping(text, mapping(local), local, ACCEPT_WORDS)).rejects.toThrow(/DB_PASSWORD/);
});
