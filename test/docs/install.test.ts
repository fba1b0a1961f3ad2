import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** What no test can run here, and why. */
const NOT_RUN = new Map([
  [
    "apk add --allow-untrusted ./unsprawl-0.1.0-linux-x64.apk",
    "there is no apk; its files are unpacked, its script is run",
  ],
  ["apk del unsprawl", "as above"],
  ["systemctl restart unsprawl-agent", "test/agent/systemd.test.ts has the unit"],
  ["apt install python3-pip", "test/build/artifacts.ts installs what is missing"],
  ["docker unsprawl", "test/cli/uninstall.test.ts runs it"],
  ["npm run test:release", "what runs these tests"],
]);

it("a test runs every command of the pages on installation", () => {
  const section = /\n## Install\n([^]*?)\n## /.exec(read("README.md"))?.[1] ?? "";
  const run = globSync("test/build/*.ts", { cwd: ROOT })
    .map(read)
    .join("\n")
    .replace(/documented\(\s+/g, "documented(");
  const all = [...commandsIn(section), ...commandsIn(read("docs/install.md"))];
  expect(all.length).toBeGreaterThan(15);
  expect(
    all.filter((command) => !NOT_RUN.has(command) && !run.includes(`documented(${JSON.stringify(command)}`)),
  ).toEqual([]);
  expect([...NOT_RUN.keys()].filter((command) => !all.includes(command))).toEqual([]);
});

it("the README begins with the two commands that set everything up, and is short", () => {
  const lines = read("README.md").trimEnd().split("\n");
  expect(lines.slice(0, 15)).toEqual(expect.arrayContaining(["npm ci && npm run demo", "npm ci && npm test"]));
  expect(lines.length).toBeLessThanOrEqual(170);
});

/** Lines of code blocks, and code in the text, that start with the name of a program. */
function commandsIn(text: string): readonly string[] {
  const programs = /^(?:apt|dnf|apk|tar|npm|npx|docker|sha256sum|systemctl|unsprawl) \S/;
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```$/gm)].flatMap(([, lines = ""]) => lines.trim().split("\n"));
  const spans = [...text.replace(/^```[^]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...new Set([...blocks, ...spans])].filter((line) => programs.test(line));
}
