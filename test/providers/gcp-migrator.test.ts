import { afterAll, beforeAll, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { openSpec } from "../conformance/spec.ts";
import { startSecretManager, type SecretManager } from "../services/secret-manager.ts";
import { gcpSpec } from "./gcp-world.ts";
import { fresh, ORIGIN } from "./vault-plain.ts";

// The policy of whoever migrates, on the double, which asks for the permission of each call as the service documents it.

let double: SecretManager;
let store: Provider;
beforeAll(async () => {
  double = await startSecretManager();
  store = await openSpec(gcpSpec(double, "writer"));
});
afterAll(() => double?.stop());

const allow = (permissions: readonly string[]): unknown => Object.assign(double.accounts.writer, { permissions });

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
  if ((await store.get(key)) !== null) throw new Error("it is still there");
  await store.put(key, first, null, ORIGIN);
}

test("its permissions suffice, and without any one of them something fails", async () => {
  const policy = (await store.writerPolicy?.()) ?? "";
  const permissions = (/--permissions (\S+)$/m.exec(policy)?.[1] ?? "")
    .split(",")
    .map((one) => one.slice("secretmanager.".length));
  expect(permissions).toHaveLength(6);
  allow(permissions);
  await live();
  expect((await store.check()).filter(({ ok }) => !ok)).toEqual([]);
  const needless: string[] = [];
  for (const permission of permissions) {
    allow(permissions.filter((one) => one !== permission));
    if (
      await live().then(
        () => true,
        () => false,
      )
    )
      needless.push(permission);
  }
  expect(needless).toEqual([]);
});

test("the check names all that is missing at once, and leaves nothing", async () => {
  const all = ["secrets.create", "secrets.delete", "secrets.get", "secrets.update", "versions.access", "versions.add"];
  const pairs = all.flatMap((one, at) => all.slice(at + 1).map((other) => [one, other]));
  for (const lacking of [...all.map((one) => [one]), ...pairs, all]) {
    allow(all.filter((one) => !lacking.includes(one)));
    const text = (await store.check()).flatMap((line) => (line.ok ? [] : [line.text])).join("\n");
    const isTried = !lacking.includes("secrets.delete");
    for (const one of lacking)
      if (one === "secrets.create" && !isTried) expect(text).toContain("creating a secret was not tried");
      else expect(text, lacking.join()).toContain(`secretmanager.${one}`);
    const named = [...text.matchAll(/secretmanager\.(\w+\.\w+)/g)].map(([, one]) => one);
    expect(named.filter((one) => !lacking.includes(one ?? ""))).toEqual([]);
  }
  allow([...all, "secrets.list"]);
  const left = await store.list("");
  expect(left.filter(({ path }) => path.includes("unsprawl-check"))).toEqual([]);
});
