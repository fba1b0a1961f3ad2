import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ageIdentities, unwrapWithAge, wrapForAge, type DataKeys } from "../../src/sops/index.ts";
import { pythonProgram } from "../services/python.ts";

export type RealSops = {
  readonly dir: string;
  readonly keys: DataKeys;
  readonly recipient: string;
  /** The real sops with this folder's identity, or another environment; stdout as bytes. Throws with stderr. */
  sops(args: readonly string[], env?: { readonly [name: string]: string }): Buffer;
  /** A plain YAML file, encrypted by the real sops. */
  encrypted(name: string, yaml: string, rule?: { readonly [key: string]: string | boolean }): string;
  remove(): void;
};

/** A folder with an age identity, and the real sops to hold ours against. */
export async function realSops(): Promise<RealSops> {
  const program = await pythonProgram("sops");
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-sops-"));
  const home = { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt") };
  const identities = ageIdentities(home, null);
  const { recipient } = await identities.ensure();
  const sops: RealSops["sops"] = (args, env = {}) => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: dir,
      env: { PATH: process.env["PATH"], ...home, ...env },
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`sops ${args[0] ?? ""}: ${status ?? ""} ${stderr.toString("utf8")}`);
    return stdout;
  };
  return {
    dir,
    recipient,
    keys: {
      wrap: (dataKey) => wrapForAge(dataKey, [recipient]),
      unwrap: async (document) => unwrapWithAge(document, await identities.load(), identities.where),
    },
    sops,
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
