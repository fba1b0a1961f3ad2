import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../../src/model/secret.ts";
import {
  ANY_KEY,
  ageIdentities,
  getValue,
  groupsOf,
  oneGroup,
  openGroups,
  putValue,
  wrapForAge,
  type DataKeys,
} from "../../../src/stores-kit/sops/index.ts";
import { pythonProgram } from "../../services/python.ts";

export type RealSops = {
  readonly dir: string;
  readonly keys: DataKeys;
  readonly recipient: string;
  /** The real sops with this folder's identity, or another environment; stdout as bytes. Throws with stderr. */
  sops(args: readonly string[], env?: { readonly [name: string]: string }, cwd?: string): Buffer;
  /** A plain file, encrypted in the form that its name says by the real sops. */
  encrypted(name: string, yaml: string, rule?: { readonly [key: string]: string | boolean }): string;
  /** Through our own code: creates only. */
  put(file: string, path: readonly string[], value: string | Secret): Promise<string>;
  get(file: string, path: readonly string[]): Promise<string | null>;
  /** One value as the real sops gives it out, raw. */
  extract(file: string, ...path: readonly string[]): Buffer;
  /** All values as the real sops gives them out. */
  whole(file: string): unknown;
  remove(): void;
};

/** Values that a format may bend. */
export const BENT: { readonly [name: string]: string } = {
  EMPTY: "",
  NEWLINE: "\n",
  AROUND: "\n\n  a\n\nb \n\n",
  CR: "a\r\nb\rc\r\n",
  DOLLAR: "$HOME $$ ${X} $(id) `id`",
  QUOTES: `'"'''"""\\"\\n`,
  WORD: "null",
  OCTAL: "0440",
  DOCUMENT: "---\na: &x [1, *x]\n# no comment\n...\n",
  CIPHER: "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]",
  UNICODE: "äöü 密码 🔑 \u202e \u2028 e\u0301",
  LARGE: "x$\n".repeat(21846).slice(0, 65536),
};

/** A value, new each time. */
export function fresh(): Secret {
  return Secret.of(randomBytes(15).toString("base64"));
}

/** A folder with an age identity, and the real sops to hold ours against. */
export async function realSops(): Promise<RealSops> {
  const program = await pythonProgram("sops");
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-sops-"));
  const home = { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt") };
  const identities = ageIdentities(home, null);
  const { recipient } = await identities.ensure();
  const sops: RealSops["sops"] = (args, env = {}, cwd = dir) => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd,
      env: { PATH: process.env["PATH"], ...home, ...env },
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`sops ${args[0] ?? ""}: ${status ?? ""} ${stderr.toString("utf8")}`);
    return stdout;
  };
  const keys: DataKeys = {
    wrap: async (dataKey) => oneGroup(await wrapForAge(dataKey, [recipient])),
    unwrap: (document) =>
      openGroups(groupsOf(document), document.file, { identities, service: async () => null, first: "age" }),
    wrapSame: async (dataKey, document) =>
      oneGroup(
        await wrapForAge(
          dataKey,
          groupsOf(document)
            .groups.flat()
            .map(({ fields }) => String(fields["recipient"])),
        ),
      ),
    recipients: async () => ({ names: [`age ${recipient}`], split: null, from: null, rule: null }),
    names: async () => [`age ${recipient}`],
    readers: async () => [],
    identities: async () => new Set([`age ${recipient}`]),
    // What a value changes in a file is compared with what was there.
    made: ANY_KEY,
  };
  return {
    dir,
    recipient,
    keys,
    sops,
    put: (file, path, value) => putValue(file, path, typeof value === "string" ? Secret.of(value) : value, null, keys),
    get: async (file, path) => (await getValue(file, path, keys, true))?.value.expose().toString("utf8") ?? null,
    extract: (file, ...path) =>
      sops(["decrypt", "--extract", path.map((key) => `[${JSON.stringify(key)}]`).join(""), file]),
    whole: (file) => JSON.parse(sops(["decrypt", "--output-type", "json", file]).toString("utf8")) as unknown,
    encrypted(name, yaml, rule = {}) {
      const file = join(dir, name);
      writeFileSync(file, yaml);
      writeFileSync(join(dir, ".sops.yaml"), JSON.stringify({ creation_rules: [{ age: recipient, ...rule }] }));
      sops(["encrypt", "-i", file]);
      return file;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
