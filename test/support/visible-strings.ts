import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "rolldown/parseAst";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where the product's code is. */
const FOLDERS = ["src", "providers", "migrations"];

/** A text of the program that a person may read; `…` stands for what is filled in. */
export type VisibleString = { readonly file: string; readonly line: number; readonly text: string };

/** Every text of the product that a person may read, in the order of the files. */
export function visibleStrings(): VisibleString[] {
  return FOLDERS.flatMap((dir) =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" })
      .map((name) => join(dir, name))
      .filter((file) => /\.tsx?$/.test(file))
      .toSorted()
      .flatMap((file) => stringsOf(file, readFileSync(join(ROOT, file), "utf8"))),
  );
}

type Node = { readonly type: string; readonly start: number; readonly [key: string]: unknown };

/** Names of what holds a text for people, also where it is a single word. */
const SHOWN = /^(?:next|why|what|reason|message|label|title|summary|detail)$|^hint|Hint$/;

/** What is never shown: types, the names of modules, tags and properties. */
const SKIPPED = /^(?:TS(?!AsExpression|SatisfiesExpression|NonNullExpression)|Import|ExportAll)/;

/** The texts of one file. Texts joined by `+` are one text. */
export function stringsOf(file: string, code: string): VisibleString[] {
  const found: VisibleString[] = [];
  const lines = [...code.matchAll(/\n/g)].map(({ index }) => index);
  walk(parseAst(code, { lang: file.endsWith("x") ? "tsx" : "ts" }, file), false);
  return found;

  function walk(node: unknown, shown: boolean): void {
    if (Array.isArray(node)) for (const one of node) walk(one, shown);
    else if (typeof node === "object" && node !== null && "type" in node) look(node as Node, shown);
  }

  function look(node: Node, shown: boolean): void {
    if (SKIPPED.test(node.type)) return;
    const text = textOf(node);
    if (text !== null && (shown ? /[a-z]{2}/i : /[a-z].* |[^\n] .*[a-z]/i).test(text)) {
      const line = lines.findLastIndex((index) => index < node.start) + 2;
      found.push({ file, line, text: text.replace(/\s+/g, " ").trim() });
    }
    const name = ((node["key"] ?? node["id"]) as { name?: string } | null | undefined)?.name ?? "";
    for (const [key, child] of Object.entries(node)) {
      // The parts of a joined text were shown with it.
      if (text !== null && ["left", "right"].includes(key) && textOf(child as Node) !== null) continue;
      walk(child, node.type === "Property" && key === "value" && SHOWN.test(name));
    }
  }
}

/** The text that an expression gives, or null if it gives none. */
function textOf(node: Node): string | null {
  if (node.type === "JSXText") return node["value"] as string;
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : null;
  if (node.type === "TemplateLiteral") {
    return (node["quasis"] as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join("…");
  }
  if (node.type !== "BinaryExpression" || node["operator"] !== "+") return null;
  const [left, right] = [textOf(node["left"] as Node), textOf(node["right"] as Node)];
  return left === null && right === null ? null : `${left ?? "…"}${right ?? "…"}`;
}
