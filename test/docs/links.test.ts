import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  scripts: { readonly [name: string]: string };
};
const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })].sort();

describe.each(pages)("%s", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");

  test("every link to a file or a heading of the repository leads there", () => {
    expect(links(text).filter((link) => !leads(page, link))).toEqual([]);
  });

  test("every npm script that it names exists", () => {
    const named = [...text.matchAll(/\bnpm run (?:--\S+ )?([\w:-]+)/g)].map(([, script = ""]) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  test("every file of the code that it names exists", () => {
    const named = [...text.matchAll(/`((?:src|test|providers|migrations)\/[\w./*-]*)`/g)].map(([, file = ""]) => file);
    expect(named.filter((file) => globSync(file, { cwd: ROOT }).length === 0)).toEqual([]);
  });
});

test("the pages for contributors are among them, and a link that leads nowhere is seen", () => {
  expect(pages).toContain("docs/contributing/README.md");
  expect(links("[a](b.md) ![c](d.svg) [e](https://f.example/g) `[h](i)`")).toEqual(["b.md", "d.svg"]);
  expect(
    ["changelog.md", "#changelog", "nowhere.md", "#nowhere"].map((link) => leads("docs/changelog.md", link)),
  ).toEqual([true, true, false, false]);
});

/** Where the links and pictures of a page lead, apart from those to the web. */
function links(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g)].map(([, link, src]) => link ?? src ?? "");
  return targets.filter((link) => !/^[a-z]+:/.test(link));
}

function leads(page: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const target = file === "" ? page : join(dirname(page), file);
  if (!existsSync(join(ROOT, target))) return false;
  return heading === undefined || headings(readFileSync(join(ROOT, target), "utf8")).includes(heading);
}

/** The anchors that a page's headings get. */
function headings(text: string): readonly string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
