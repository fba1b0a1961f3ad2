import { expect, test } from "vitest";
import { consumerRef, containerOf } from "../../src/model/consumer.ts";

test.each([
  ["container:web", { kind: "container", name: "web" }],
  ["compose:shop/db", { kind: "compose", project: "shop", service: "db" }],
])("%s is read by its parts", (id, ref) => {
  expect(consumerRef({ id })).toEqual(ref);
});

test.each([
  "",
  "web",
  "container:",
  "container:a/b",
  "compose:shop",
  "compose:shop/db/x",
  "compose:/db",
  "systemd:a.service",
])("%j is neither a container nor a service of Compose", (id) => {
  expect(consumerRef({ id })).toBeNull();
  expect(containerOf({ id })).toBeNull();
});

test("only a container has a container's name", () => {
  expect(containerOf({ id: "container:web" })).toBe("web");
  expect(containerOf({ id: "compose:shop/db" })).toBeNull();
});
