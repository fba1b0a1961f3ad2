import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { getDescription, type GenericSchema } from "valibot";
import { expect, test } from "vitest";
import { providers } from "../../providers/index.ts";

const DIR = new URL("../../providers/", import.meta.url);

test("the map names every provider's folder, and no other", () => {
  const folders = readdirSync(DIR, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(Object.keys(providers).toSorted()).toEqual(folders.map((entry) => entry.name).toSorted());
});

test.for(Object.entries(providers))(
  "%s is called what its folder is, and says what each key is for",
  async ([name, load]) => {
    const { provider } = await load();
    expect(provider.provider).toBe(name);
    for (const key of Object.values(provider.settings)) expect(getDescription(key as GenericSchema)).toMatch(/\w/);
  },
);

test("neither the map nor a provider's module loads a client library", () => {
  const script = `
    import { registerHooks } from "node:module";
    const heavy = [];
    registerHooks({ load(url, context, next) { if (url.includes("/node_modules/")) heavy.push(url); return next(url, context); } });
    const { providers } = await import(${JSON.stringify(new URL("index.ts", DIR).href)});
    for (const load of Object.values(providers)) await load();
    process.stdout.write(JSON.stringify(heavy));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(stderr).not.toMatch(/Error/);
  // valibot is bundled.
  expect((JSON.parse(stdout) as string[]).filter((url) => !url.includes("/node_modules/valibot/"))).toEqual([]);
});
