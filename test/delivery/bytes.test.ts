import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SCRIPT } from "../../migrations/compose/delivery/script.ts";
import { shimFile } from "../../src/delivery/shim.ts";
import { need } from "../services/apt.ts";

// Both shims pass on every byte of a value, in each shell that an image may have, whatever the container's locale is.

const dir = mkdtempSync(join(tmpdir(), "unsprawl-bytes-"));
const scripts = {
  container: shimFile(["VALUE"]).content.exposeText(),
  Compose: SCRIPT.replaceAll("/run/unsprawl/secrets", "/run/unsprawl"),
};

beforeAll(async () => {
  await Promise.all([need("bash", ["bash"]), need("dash", ["dash"]), need("busybox", ["busybox-static"])]);
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(scripts))
    writeFileSync(
      join(dir, name),
      text.replaceAll("/run/unsprawl", () => dir),
    );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Without NUL, which no variable holds; with the beginnings of characters that do not end. */
const VALUES = [
  Buffer.from(Array.from({ length: 255 }, (_one, at) => at + 1)),
  Buffer.from([0xc3, 0x01, 0x01, 0x9f, 0x0a, 0xf0, 0x01, 0x7f, 0x5c, 0x0a, 0x0a]),
  Buffer.from("äöü €\n 🜁 \\\n"),
];

it.each(["bash", "dash", "busybox sh"])("%s", (shell) => {
  const [program = "", ...words] = shell.split(" ");
  for (const name of Object.keys(scripts))
    for (const value of VALUES) {
      writeFileSync(join(dir, "VALUE"), value);
      const names = name === "Compose" ? ["VALUE", "--"] : [];
      const env = { PATH: process.env["PATH"], LANG: "C.UTF-8", LC_CTYPE: "C.UTF-8" };
      // `env -0` also shows that the locale is the container's own again.
      const got = execFileSync(program, [...words, join(dir, name), ...names, "env", "-0"], { env });
      const entries = got.toString("latin1").split("\0");
      expect(entries, name).toContain(`VALUE=${value.toString("latin1")}`);
      expect(entries.filter((one) => one.startsWith("LC_"))).toEqual(["LC_CTYPE=C.UTF-8"]);
    }
});
