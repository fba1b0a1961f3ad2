import { expect, test, vi } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { resolveReferences } from "../../src/core/resolve.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";

function storeOf(scheme: string, held: { readonly [path: string]: string }): Pick<Provider, "parse" | "get"> {
  return {
    parse: (reference) =>
      reference.startsWith(`ref+${scheme}://`) ? { path: reference.slice(scheme.length + 7), field: "" } : null,
    get: vi.fn<Provider["get"]>(async ({ path }) =>
      held[path] === undefined ? null : { value: Secret.of(held[path]), version: "1" },
    ),
  };
}

test("fifty references of one store open it once, and each is fetched once", async () => {
  const held = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`a/${at}`, `value ${at}`]));
  const store = storeOf("mem", held);
  const open = vi.fn<() => Promise<Provider>>(async () => store as Provider);
  const references = Object.keys(held).map((path) => `ref+mem://${path}`);
  const found = await resolveReferences([...references, ...references], ["one"], open);
  expect(open).toHaveBeenCalledTimes(1);
  expect(store.get).toHaveBeenCalledTimes(50);
  for (const [path, text] of Object.entries(held)) expect(found.get(`ref+mem://${path}`)).toEqual(Secret.of(text));
});

test("the first store that knows a reference counts; one that is not set up is passed over", async () => {
  const [a, b] = [storeOf("mem", { x: "of a" }), storeOf("mem", { x: "of b" })];
  const open = async (name: string): Promise<Provider> => {
    if (name === "away") throw new UnsprawlError("config", "no address", null);
    return (name === "a" ? a : b) as Provider;
  };
  const found = await resolveReferences(["ref+mem://x", "ref+other://y"], ["away", "b", "a"], open);
  expect(found.get("ref+mem://x")).toEqual(Secret.of("of b"));
  expect(found.get("ref+other://y")).toBe(null);
});

test("one that leads to nothing is an error that names it, and a broken store is no absence", async () => {
  await expect(
    resolveReferences(["ref+mem://gone"], ["a"], async () => storeOf("mem", {}) as Provider),
  ).rejects.toMatchObject({
    code: "absent",
    message: "nothing is stored at ref+mem://gone",
  });
  const broken = async (): Promise<Provider> => {
    throw new UnsprawlError("unreachable", "away", null);
  };
  await expect(resolveReferences(["ref+mem://x"], ["a"], broken)).rejects.toMatchObject({ code: "unreachable" });
});
