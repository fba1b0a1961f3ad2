import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeCli } from "../../services/compose.ts";

export type Service = { readonly envFile?: string; readonly environment?: { readonly [name: string]: string } };

/** The environment that the real Compose gives each service; null when it refuses the project. */
export type Resolve = (
  services: readonly Service[],
  env: { readonly [name: string]: string },
) => readonly { readonly [name: string]: string }[] | null;

/** The real Compose, with a folder of its own until `remove`. */
export async function realCompose(): Promise<{ readonly resolve: Resolve; readonly remove: () => void }> {
  const program = await composeCli();
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-compose-"));
  const resolve: Resolve = (services, env) => {
    const project = services.map(({ envFile, environment }, index) => {
      if (envFile !== undefined) writeFileSync(join(dir, `${index}.env`), envFile);
      return [`s${index}`, { image: "x", env_file: envFile === undefined ? [] : [`${index}.env`], environment }];
    });
    const file = join(dir, "compose.json");
    writeFileSync(file, JSON.stringify({ services: Object.fromEntries(project) }));
    const args = ["-f", file, "config", "--format", "json"];
    let said: string;
    try {
      said = execFileSync(program, args, {
        cwd: dir,
        env,
        stdio: ["ignore", "pipe", "ignore"],
        maxBuffer: 2 ** 28,
      }).toString();
    } catch (error) {
      if ((error as { status?: unknown }).status === null) throw error;
      return null;
    }
    const read = JSON.parse(said) as { services: { [name: string]: { environment?: { [name: string]: string } } } };
    // It prints what it could read back: each dollar sign twice.
    return services.map((_service, index) =>
      Object.fromEntries(
        Object.entries(read.services[`s${index}`]?.environment ?? {}).map(([name, value]) => [
          name.replaceAll("$$", () => "$"),
          value.replaceAll("$$", () => "$"),
        ]),
      ),
    );
  };
  return { resolve, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
