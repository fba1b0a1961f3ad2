import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPage } from "./typed.ts";

const ROOT = join(import.meta.dirname, "../..");

test("every message on the troubleshooting page is one that the code has", () => {
  const code = globSync("{src,providers,migrations}/**/*.{ts,tsx}", { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const messages = [...readPage("docs/troubleshooting.md").matchAll(/^\*\*(.+?)\*\*/gm)].flatMap(([, title = ""]) =>
    [...title.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message),
  );
  expect(messages.length).toBeGreaterThan(10);
  // The names in it are filled in.
  const parts = messages.flatMap((message) => message.split(/…|\bNAME\b/)).map((part) => part.trim());
  expect(parts.filter((part) => !code.includes(part))).toEqual([]);
});
