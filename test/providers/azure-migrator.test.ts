import { afterAll, beforeAll, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { openSpec } from "../conformance/spec.ts";
import type { Right } from "../services/key-vault-login.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import { azureSpec } from "./azure-world.ts";
import { fresh, ORIGIN } from "./vault-plain.ts";

// The policy of whoever migrates, on the double, which asks for the right of each call as the service documents it.

let vault: KeyVault;
let store: Provider;
beforeAll(async () => {
  vault = await startKeyVault();
  store = await openSpec(azureSpec(vault, "setter"));
});
afterAll(() => vault?.stop());

const allow = (rights: readonly string[]): unknown =>
  Object.assign(vault.clients.setter, { rights: rights as Right[] });

let subjects = 0;
/** The life of a value: written, read, replaced, its earlier version read, removed, and written again under its name. */
async function live(): Promise<void> {
  const key = store.key({ subject: `app-${++subjects}`, project: "", name: "DB_PASSWORD" });
  const [first, second] = [fresh(), fresh()];
  const { version } = await store.put(key, first, null, ORIGIN);
  await store.put(key, second, version, ORIGIN);
  if (!(await store.get(key))?.value.equals(second)) throw new Error("another value came back");
  if ((await store.earlier?.(key, (one) => one.equals(first))) == null) throw new Error("no earlier value");
  await store.remove(key, (one) => one.equals(second), true);
  await store.put(key, first, null, ORIGIN);
}

test("its rights suffice, and without any one of them something fails", async () => {
  const policy = (await store.writerPolicy?.()) ?? "";
  const rights = (/--secret-permissions (.+)$/m.exec(policy)?.[1] ?? "").split(" ");
  expect(rights).toEqual(["get", "list", "set", "delete", "recover"]);
  allow(rights);
  await live();
  expect((await store.check()).filter(({ ok }) => !ok)).toEqual([]);
  const needless: string[] = [];
  for (const right of rights) {
    allow(rights.filter((one) => one !== right));
    if (
      await live().then(
        () => true,
        () => false,
      )
    )
      needless.push(right);
  }
  expect(needless).toEqual([]);
});

test("the role in Bicep has the actions that the service names when it refuses", async () => {
  const policy = (await store.writerPolicy?.()) ?? "";
  const actions = [...policy.matchAll(/'Microsoft\.KeyVault\/vaults\/secrets\/([\w/]+)'/g)].map(([, action]) => action);
  expect(actions).toEqual(["getSecret/action", "readMetadata/action", "setSecret/action", "delete", "recover/action"]);
  expect(policy).not.toMatch(/purge\//);
  // Braces and brackets are closed, and Bicep has no other text here than these declarations.
  for (const [open, close] of ["{}", "[]", "()"])
    expect(policy.split(open ?? "").length).toBe(policy.split(close ?? "").length);
  expect(policy.match(/^(?:param|resource) .*$/gm)).toHaveLength(4);
});

test("the check names all that is missing at once, and leaves nothing", async () => {
  const all = ["get", "list", "set", "delete", "recover"];
  const pairs = all.flatMap((one, at) => all.slice(at + 1).map((other) => [one, other]));
  for (const lacking of [...all.map((one) => [one]), ...pairs, all]) {
    allow(all.filter((one) => !lacking.includes(one)));
    const text = (await store.check()).flatMap((line) => (line.ok ? [] : [line.text])).join("\n");
    for (const one of lacking)
      if (one === "set" && lacking.includes("delete")) expect(text).toContain("creating a secret was not tried");
      else expect(text, lacking.join()).toContain(`does not allow unsprawl to ${one} `);
    const named = [...text.matchAll(/does not allow unsprawl to (\w+) /g)].map(([, one]) => one);
    expect(named.filter((one) => !lacking.includes(one ?? ""))).toEqual([]);
  }
  allow(all);
  const left = await store.list("");
  expect(left.filter(({ path }) => path.includes("unsprawl-check"))).toEqual([]);
});
