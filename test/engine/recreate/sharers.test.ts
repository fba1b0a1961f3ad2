import { expect, test } from "vitest";
import { withNewContainers, sharersOf } from "../../../src/engine/recreate/sharers.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

const id = (name: string): string => name.padEnd(64, "0");

function container(name: string, HostConfig: object = {}): ContainerDoc {
  return { Id: id(name), Name: `/${name}`, HostConfig } as unknown as ContainerDoc;
}

const [web, net, both] = [
  container("web"),
  container("net", { NetworkMode: `container:${id("web")}`, IpcMode: `container:${id("web")}` }),
  container("both", { PidMode: `container:${id("deep")}`, NetworkMode: `container:${id("net")}` }),
];
const deep = container("deep", { NetworkMode: `container:${id("net")}` });
const linked = container("linked", { Links: ["/web:/linked/db", "/other:/linked/o"] });

test("sharers are found through one another, each after those it relies on", () => {
  const found = sharersOf(web, [both, deep, linked, net, web, container("alone")]);
  const names = found.map(({ doc }) => doc.Name.slice(1));
  expect([...names].sort()).toEqual(["both", "deep", "linked", "net"]);
  expect(names.indexOf("net")).toBeLessThan(names.indexOf("deep"));
  expect(names.indexOf("deep")).toBeLessThan(names.indexOf("both"));
  expect(found.find(({ doc }) => doc === net)?.shares).toEqual(["NetworkMode", "IpcMode"]);
});

test.each([
  ["volumes taken by name", { VolumesFrom: ["web:ro"] }, false],
  ["volumes taken by id", { VolumesFrom: [`${id("web")}:ro`] }, true],
  ["volumes taken by short id", { VolumesFrom: [id("web").slice(0, 12)] }, true],
  ["another's network", { NetworkMode: `container:${id("other")}` }, false],
  ["a network of the same name", { NetworkMode: "web" }, false],
  ["a link to another whose alias is its name", { Links: ["/other:/one/web"] }, false],
])("%s: relies on it %s", (_what, HostConfig, relies) => {
  expect(sharersOf(web, [container("one", HostConfig)])).toHaveLength(relies ? 1 : 0);
});

test("two that rely on one another are both found once", () => {
  const a = container("a", { NetworkMode: `container:${id("web")}`, PidMode: `container:${id("b")}` });
  const b = container("b", { NetworkMode: `container:${id("a")}` });
  expect(sharersOf(web, [a, b])).toHaveLength(2);
});

test("redirected, one relies on the new containers and is not changed otherwise", () => {
  const replaced = [{ old: web, fresh: container("web-unsprawl-1"), name: "web" }];
  const host = {
    NetworkMode: `container:${id("web")}`,
    PidMode: `container:${id("other")}`,
    Links: ["/web:/one/db", "/other:/one/web"],
    VolumesFrom: [`${id("web")}:ro`, "other"],
    Memory: 1,
  };
  const one = container("one", host);
  expect(withNewContainers(one, replaced).HostConfig).toEqual({
    NetworkMode: `container:${id("web-unsprawl-1")}`,
    PidMode: `container:${id("other")}`,
    Links: ["/web-unsprawl-1:/one/db", "/other:/one/web"],
    VolumesFrom: ["web:ro", "other"],
    Memory: 1,
  });
  expect(one.HostConfig).toBe(host);
});
