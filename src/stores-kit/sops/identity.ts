import { readFile, link, rm, stat } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { configHome } from "../../kit/home.ts";
import { UnsprawlError } from "../../model/error.ts";
import { atomicWrite } from "../../kit/io/atomic.ts";
import { fileError } from "../../kit/io/error.ts";
import type { AgeIdentity } from "./age.ts";
import { makeFolders } from "../../kit/io/folders.ts";

/** An identity with the file or variable that it was read from. */
type LoadedIdentity = AgeIdentity & { readonly from: string };

/** Where age identities come from. */
export type Identities = {
  /** In words, for errors: the files and variables that were looked at. */
  readonly where: string;
  /** The file that a new identity would be written to. */
  readonly file: string;
  /** All there are, the preferred one first; empty when there is none. */
  load(): Promise<readonly LoadedIdentity[]>;
  /** The preferred one; made (folder 0700, file 0600) when there is none. */
  ensure(): Promise<AgeIdentity>;
};

/**
 * age identities from SOPS's own places: `file` alone when given, else SOPS_AGE_KEY, SOPS_AGE_KEY_FILE and
 * `$XDG_CONFIG_HOME/sops/age/keys.txt` together, as sops does (getsops/sops age/keysource.go `loadIdentities`).
 */
export function ageIdentities(env: NodeJS.ProcessEnv, file: string | null): Identities {
  const named = file ?? (env["SOPS_AGE_KEY_FILE"] || null);
  const usual = join(configHome(env), "sops/age/keys.txt");
  const files = file === null ? [...(named === null ? [] : [named]), usual] : [file];
  const direct = file === null ? (env["SOPS_AGE_KEY"] ?? "") : "";
  const where = [...(direct === "" ? [] : ["SOPS_AGE_KEY"]), ...files].join(", ");
  const load = async (): Promise<readonly LoadedIdentity[]> => {
    const found = [...(await identitiesIn(direct, "SOPS_AGE_KEY"))];
    for (const path of files) found.push(...(await identitiesIn(await readText(path), path)));
    return found;
  };
  return {
    where,
    file: named ?? usual,
    load,
    async ensure() {
      const [first] = await load();
      return first ?? create(named ?? usual);
    },
  };
}

/** One identity that is nowhere but in memory, to try things out with. */
export function temporaryIdentity(): Identities {
  let made: Promise<AgeIdentity> | null = null;
  const ensure = (): Promise<AgeIdentity> => (made ??= generate());
  return { where: "memory", file: "", ensure, load: async () => [{ ...(await ensure()), from: "memory" }] };
}

/** The form of `age-keygen`'s output. */
export function identityFile({ identity, recipient }: AgeIdentity): string {
  return `# created: ${new Date().toISOString().slice(0, 19)}Z\n# public key: ${recipient}\n${identity}\n`;
}

async function create(path: string): Promise<AgeIdentity> {
  const made = await generate();
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    makeFolders(dirname(path), 0o700);
    await atomicWrite(fresh, identityFile(made), { mode: 0o600 });
    // A link never replaces: of two processes that both make the first identity, one wins and both use it.
    await link(fresh, path);
    return made;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw fileError(error, path);
    const [first] = await identitiesIn(await readText(path), path);
    if (first) return first;
    throw new UnsprawlError(
      "config",
      `${path} holds no age identity`,
      `age-keygen -o makes one; or remove the empty file`,
    );
  } finally {
    await rm(fresh, { force: true });
  }
}

/** The first identity in a text of the form of `identityFile`; null when there is none. */
export async function identityIn(text: string): Promise<AgeIdentity | null> {
  return (await identitiesIn(text, "the file"))[0] ?? null;
}

/** A new identity, which is nowhere yet. */
export async function newIdentity(): Promise<AgeIdentity> {
  return generate();
}

async function generate(): Promise<AgeIdentity> {
  const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > 1_000_000)
      throw new UnsprawlError("config", `${path} is too large for a file of age identities`);
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return "";
    throw fileError(error, path);
  }
}

/** Lines that start with `#` are comments; identities of plug-ins are left to sops. Throws `config` without quoting a line. */
async function identitiesIn(text: string, where: string): Promise<readonly LoadedIdentity[]> {
  const lines = text.split("\n").map((line) => line.trim());
  const found: LoadedIdentity[] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith("AGE-SECRET-KEY-")) continue;
    const { identityToRecipient } = await import("age-encryption");
    try {
      found.push({ identity: line, recipient: await identityToRecipient(line), from: where });
    } catch {
      throw new UnsprawlError(
        "config",
        `${where}, line ${index + 1}: not a valid age identity`,
        "restore the key file from a backup",
      );
    }
  }
  return found;
}
