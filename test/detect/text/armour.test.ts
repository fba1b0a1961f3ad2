import { describe, expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// A private key ends where it ends, and is one only where a body stands behind its banner.

const kit = makeKit(7);
const password = `${kit.base62(12)}!7aB`;
const key = kit.pem("RSA PRIVATE KEY").trim();
const BANNER = ["-----BEGIN RSA ", "PRIVATE KEY-----"].join("");
const LAST = ["-----END RSA ", "PRIVATE KEY-----"].join("");

const FORMS: { readonly [name: string]: string } = {
  plain: key,
  "with escaped line ends": `"${key.replaceAll("\n", "\\n")}"`,
  "with line ends escaped twice": `"${key.replaceAll("\n", "\\\\n")}"`,
  indented: `|\n${key.replaceAll(/^/gm, "    ")}`,
  "as lines of strings": key
    .split("\n")
    .map((line) => `  "${line}\\n" +`)
    .join("\n"),
  encrypted: key.replace("\n", `\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${kit.hex(32)}\n\n`),
};

describe("a key", () => {
  test.each(Object.entries(FORMS))("%s: hides nothing behind it", (_, form) => {
    const text = `tls_key = ${form}\n\nDB_PASSWORD=${password}\n`;
    const parts = partsIn("app.env", text);
    expect(parts).toHaveLength(2);
    expect(parts[0]?.length).toBeLessThan(form.length + 10);
    expect(parts[0]).toMatch(/-----END RSA PRIVATE KEY-----$/);
    expect(parts[1]).toBe(password);
  });

  test("whose last line is missing ends with its lines", () => {
    const cut = key.split("\n").slice(0, -1).join("\n");
    const parts = partsIn("app.env", `${cut}\n\nDB_PASSWORD=${password}\n`);
    expect(parts).toHaveLength(2);
    expect(parts[1]).toBe(password);
  });

  test("stands behind another one", () => {
    const other = kit.pem("EC PRIVATE KEY").trim();
    expect(partsIn("keys.pem", `${key}\n${other}\n`)).toHaveLength(2);
  });
});

describe("a banner alone is none", () => {
  test.each([
    ["a comment", `// a key begins with ${BANNER}\nconst id = "${kit.hex(64)}";\n`],
    ["a pattern", `const KEY = /${BANNER}[A-Za-z0-9+\\/=\\s]+${LAST}/;\nconst digest = "${kit.base64(48)}";\n`],
    ["a check", `if (!text.startsWith("${BANNER}")) throw new Error("${kit.base62(44)}");\n`],
    ["prose", `Paste it here:\n\n${BANNER}\n...\n${LAST}\n\nsha256: ${kit.hex(64)}\n`],
    [
      "code between two",
      `begin("${BANNER}");\nhash("${kit.base62(43)}");\nloadTheKeyFromTheStore(options);\nend("${LAST}");\n`,
    ],
  ])("%s", (_, text) => {
    for (const path of ["src/key.js", "app.yaml", "README.md", "x.sh"]) expect(alarmsIn(path, text)).toEqual([]);
  });
});
