import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Runs a tool to its end, and returns what it printed. Throws with its last words if it fails. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: { ...process.env, ...env } }),
  });
  if (error !== undefined || status !== 0)
    throw new Error(`${program} ${args.join(" ").slice(0, 200)}: ${error?.message ?? stderr.slice(-2000)}`);
  return stdout;
}

/** A tar archive of files of a folder, with the same bytes each time: sorted, root's, of one moment. */
export function tar(folder: string, names: readonly string[], output: string, epoch: number): void {
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${epoch}`, "--format=ustar"];
  run("tar", [...same, "-cf", output, "-C", folder, ...names]);
}

export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
