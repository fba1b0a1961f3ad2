import { describe, expect, it } from "vitest";
import { isGlob, repositoryText, parseReference } from "../../../src/images/registry/reference.ts";

const HEX = "0123456789abcdef".repeat(4);

describe("parseReference", () => {
  it.each([
    ["localhost:5000/team/app:1.0", "localhost:5000", "team/app", "1.0", null],
    ["registry.example.org/app", "registry.example.org", "app", "latest", null],
    ["Registry.Example.org/app", "registry.example.org", "app", "latest", null],
    ["10.0.0.1/app", "10.0.0.1", "app", "latest", null],
    ["[::1]:5000/app:x", "[::1]:5000", "app", "x", null],
    ["alpine", "docker.io", "library/alpine", "latest", null],
    ["alpine:3.20", "docker.io", "library/alpine", "3.20", null],
    ["alpine:3", "docker.io", "library/alpine", "3", null],
    ["grafana/grafana:11", "docker.io", "grafana/grafana", "11", null],
    ["docker.io/alpine", "docker.io", "library/alpine", "latest", null],
    ["index.docker.io/library/alpine:1", "docker.io", "library/alpine", "1", null],
    ["localhost/app:*", "localhost", "app", "*", null],
    ["r.io/app:v1.*", "r.io", "app", "v1.*", null],
    ["r.io/team/*", "r.io", "team/*", "*", null],
    ["r.io/team/*:v{1,2}", "r.io", "team/*", "v{1,2}", null],
    ["r.io/*", "r.io", null, "*", null],
    ["r.io", "r.io", null, "*", null],
    ["localhost:5000", "localhost:5000", null, "*", null],
    ["r.io:5000", "r.io:5000", null, "*", null],
    [`r.io/app@sha256:${HEX}`, "r.io", "app", null, `sha256:${HEX}`],
    [`r.io/app:1.0@sha512:${HEX}${HEX}`, "r.io", "app", "1.0", `sha512:${HEX}${HEX}`],
  ])("%s", (what, host, repository, tag, digest) => {
    expect(parseReference(what)).toEqual({ host, repository, tag, digest });
  });

  it.each([
    "",
    "https://r.io/app",
    "r.io/App",
    "r.io/a//b",
    "r.io/../b",
    "r.io/app:bad tag",
    "r.io/app:-x",
    "r.io/app@sha256:12",
    "r.io/app@md5:0",
    `r.io/*@sha256:${HEX}`,
    `r.io/app:v*@sha256:${HEX}`,
    "r.io:99999/app",
    "user@r.io/app",
    "r_o.io/app",
    `r.io/${"a".repeat(256)}`,
  ])("refuses %s, and says what to type", (what) => {
    expect(() => parseReference(what)).toThrow(
      expect.objectContaining({
        code: "usage",
        hint: expect.stringContaining("registry:HOST/REPO") as string,
      }) as Error,
    );
  });

  it("tells globs from names", () => {
    expect(["a*", "a?", "v[12]", "{a,b}"].every(isGlob)).toBe(true);
    expect(["a", "a-b.c", "v1"].some(isGlob)).toBe(false);
  });

  it("names Docker Hub's images as people type them", () => {
    expect(repositoryText("docker.io", "library/alpine")).toBe("docker.io/alpine");
    expect(repositoryText("r.io", "library/alpine")).toBe("r.io/library/alpine");
  });
});
