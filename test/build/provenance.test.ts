import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { advisoriesFor, signChecksums } from "../../src/build/release/provenance.ts";
import { documented } from "./documented.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-provenance-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("signed checksums", () => {
  const sums = join(dir, "SHA256SUMS");
  const keyFile = (name: string, kind: "ed25519" | "ec"): string => {
    const key = kind === "ec" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
    const file = join(dir, name);
    writeFileSync(file, key.privateKey.export({ type: "pkcs8", format: "pem" }));
    return file;
  };
  const check = (): string =>
    execFileSync(
      "sh",
      [
        "-c",
        documented(
          "openssl pkeyutl -verify -pubin -inkey SHA256SUMS.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig",
        ),
      ],
      { cwd: dir, encoding: "utf8", stdio: "pipe" },
    );

  it("are checked as the page says, and one changed byte is seen", () => {
    writeFileSync(sums, "00  a\n");
    signChecksums(sums, keyFile("own.pem", "ed25519"));
    expect(check()).toContain("Signature Verified Successfully");
    writeFileSync(sums, "01  a\n");
    expect(check).toThrow("Command failed");
  });

  it("another kind of key is refused, with what makes the right one", () => {
    expect(() => signChecksums(sums, keyFile("other.pem", "ec"))).toThrow(/no Ed25519 key: openssl genpkey/);
  });
});

describe("advisories", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  /** A registry that knows of one advisory, or does not answer this question; in a process of its own, since npm is waited for. */
  async function registry(answer: object | null): Promise<{ readonly url: string; readonly child: ChildProcess }> {
    const text = `
      const answer = ${JSON.stringify(answer)};
      const versions = (name) => ({ name, "dist-tags": {}, versions: { "1.0.0": { name, version: "1.0.0" } } });
      const server = require("http").createServer(({ method, url }, to) => {
        const asked = method === "POST" ? answer : versions(url.slice(1));
        to.writeHead(asked === null ? 405 : 200, { "content-type": "application/json" });
        to.end(JSON.stringify(asked ?? {}));
      });
      server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
    const child = spawn(process.execPath, ["-e", text], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    return { url: `http://127.0.0.1:${port.toString().trim()}`, child };
  }
  const advisory = { id: 1, url: "https://example.test/1", title: "x", severity: "high", vulnerable_versions: "*" };

  it.each([
    ["a bundled package", { ink: [advisory] }, ["ink"]],
    ["another package alone", { vitest: [advisory] }, []],
    ["no package", {}, []],
    ["a registry that does not say", null, null],
  ])("%s", async (_what, answer, found) => {
    const { url, child } = await registry(answer);
    try {
      expect(advisoriesFor(root, ["ink", "dockerode"], { npm_config_registry: url })).toEqual(found);
    } finally {
      child.kill();
    }
  });
});
