import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What `fixture.json` says of a project; TOKENs stand for secrets in its files as `@@TOKEN@@`. */
export type Meta = {
  readonly style: string;
  readonly files: readonly string[];
  readonly profiles?: readonly string[];
  /** How a token's value looks, where that is not letters and digits. */
  readonly form?: { readonly [token: string]: "dollar" | "quotes" };
  /** The variables of each service that hold a secret. */
  readonly services: { readonly [service: string]: readonly string[] };
  /** Where else secrets stand. */
  readonly other?: readonly string[];
  /** It can be brought up with any image. */
  readonly up: boolean;
};

export type Fixture = {
  readonly name: string;
  readonly meta: Meta;
  /** A copy with generated secrets, on disk. */
  readonly dir: string;
  readonly files: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  remove(): void;
};

const ROOT = fileURLToPath(new URL("../../fixtures/compose/", import.meta.url));

export const FIXTURES = readdirSync(ROOT).sort();

/** Copies a fixture into a folder of the same name, each token replaced by a value made now. */
export function copyFixture(name: string): Fixture {
  const root = mkdtempSync(join(tmpdir(), "unsprawl-compose-"));
  const dir = join(root, name);
  cpSync(join(ROOT, name), dir, { recursive: true });
  const meta = JSON.parse(readFileSync(join(dir, "fixture.json"), "utf8")) as Meta;
  rmSync(join(dir, "fixture.json"));
  const values = new Map<string, string>();
  for (const file of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    const path = join(dir, file);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      continue; // a folder
    }
    const filled = text.replaceAll(/@@([A-Z0-9_]+)@@/g, (_mark, token: string) => {
      const made = values.get(token) ?? valueOf(meta.form?.[token]);
      values.set(token, made);
      return meta.form?.[token] === "dollar" ? made.replaceAll("$", "$$$$") : made;
    });
    if (filled !== text) writeFileSync(path, filled);
  }
  const files = meta.files.map((file) => join(dir, file));
  return { name, meta, dir, files, values, remove: () => rmSync(root, { recursive: true, force: true }) };
}

function valueOf(form: "dollar" | "quotes" | undefined): string {
  const letters = `Kq7${randomBytes(16).toString("hex")}`;
  if (form === "dollar") return `${letters.slice(0, 8)}$${letters.slice(8)}`;
  return form === "quotes" ? `${letters.slice(0, 8)}'${letters.slice(8)}` : letters;
}
