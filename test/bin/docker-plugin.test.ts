import { describe, expect, it } from "vitest";
import { isDockerPlugin, pluginCall } from "../../src/bin/docker-plugin.ts";

describe("the Docker CLI's plug-in", () => {
  it.each([
    ["the executable under the plug-in's name", "/usr/libexec/docker/cli-plugins/docker-unsprawl", ["node"], true],
    ["npm's link", "node", ["/usr/bin/node", "/usr/local/bin/docker-unsprawl", "scan"], true],
    ["unsprawl itself", "unsprawl", ["/usr/bin/unsprawl", "/usr/bin/unsprawl", "docker-unsprawl"], false],
  ])("is known by its name: %s", (_what, argv0, argv, expected) => {
    expect(isDockerPlugin(argv0, argv)).toBe(expected);
  });

  it("describes itself", () => {
    const call = pluginCall(["docker-cli-plugin-metadata"]);
    expect(JSON.parse("metadata" in call ? call.metadata : "")).toMatchObject({
      SchemaVersion: "0.1.0",
      Vendor: "unsprawl",
    });
  });

  it.each([
    [["unsprawl", "scan", "--json"], ["scan", "--json"], {}],
    [["--context", "prod", "unsprawl", "scan"], ["scan"], { DOCKER_CONTEXT: "prod" }],
    [["--host=tcp://db:2376", "unsprawl", "plan"], ["plan"], { DOCKER_HOST: "tcp://db:2376" }],
    [["-H", "unix:///x=y", "--config", "/c", "unsprawl"], [], { DOCKER_HOST: "unix:///x=y", DOCKER_CONFIG: "/c" }],
    [["unsprawl", "scan", "--config", "own.yaml"], ["scan", "--config", "own.yaml"], {}],
    // Not one that says which engine is meant: it is reported as unknown, not dropped.
    [["--tlsverify", "unsprawl", "scan"], ["--tlsverify", "unsprawl", "scan"], {}],
  ])("takes what is before its name as the CLI's: %j", (given, words, env) => {
    expect(pluginCall(given)).toEqual({ words, env });
  });
});
