import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { loadDockerode } from "../../src/engine/dockerode.ts";

it("is loaded without its gRPC and SSH parts, of which nothing is used", async () => {
  const docker = new (await loadDockerode())({ socketPath: "/nowhere/docker.sock" });
  expect(docker.getContainer("one").id).toBe("one");
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  expect(loaded.filter((file) => /node_modules\/(@grpc|protobufjs|ssh2)\//.test(file))).toEqual([]);
  expect(loaded.filter((file) => file.endsWith("dockerode/lib/container.js"))).toHaveLength(1);
});
