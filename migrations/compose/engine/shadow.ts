import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ComposeConfig, ProjectCall } from "./cli.ts";
import { renderDotenv } from "../../../src/files/dotenv.ts";
import { envFiles } from "../syntax/environment.ts";
import type { NewFile } from "../rewrite/draft.ts";
import { withPathsMoved } from "../syntax/paths.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { parseBare } from "../../../src/kit/json-object.ts";
import { makeFolders } from "../../../src/kit/io/folders.ts";

/**
 * Tries out files without touching the originals: copies all of a project's files, with the new ones replacing the old,
 * to a folder in memory (0700) while `look` runs. `shadow` converts a call to the copies' paths, `back` converts the
 * paths in Compose's answer to the original ones. Copies left behind by killed processes are deleted first.
 */
export async function withShadow<T>(
  memory: string,
  project: ComposeProject,
  files: readonly NewFile[],
  look: (shadow: (call: ProjectCall) => ProjectCall, back: (config: ComposeConfig) => ComposeConfig) => Promise<T>,
): Promise<T> {
  sweep(join(memory, "units"));
  const root = join(memory, "units", `try-${process.pid}-${space()}-${randomBytes(4).toString("hex")}`);
  try {
    makeFolders(root, 0o700);
    const texts = new Map([
      ...[...project.yaml.values(), ...envFiles(project)].map(({ file, text }) => [file, text] as const),
      ...files.map(({ file, text }) => [file, text] as const),
    ]);
    const named = namedCopies(root, project);
    const at = (path: string): string => join(root, path);
    const copied = [...texts.keys()];
    const copy = (path: string): string | null =>
      copied.some((file) => file === path || file.startsWith(`${path}/`)) ? at(path) : null;
    for (const [file, text] of texts) {
      const isYaml = project.yaml.has(file);
      const written = isYaml
        ? await withPathsMoved({ file, text }, project.lookups.get(file) ?? project.lookup, copy)
        : text;
      makeFolders(dirname(at(file)), 0o700);
      writeFileSync(at(file), file === named.file ? written + named.text : written, { mode: 0o600, flag: "wx" });
    }
    makeFolders(at(project.dir), 0o700);
    return await look(
      (call) => ({
        ...{ ...call, dir: at(call.dir), files: call.files.map(at), envFiles: call.envFiles.map(at) },
        outer: call.outer === null ? null : at(call.outer),
      }),
      (config) => parseBare(JSON.stringify(config).replaceAll(root, "")) as ComposeConfig,
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Where Compose finds the files by an `.env`, that must name their copies. */
function namedCopies(root: string, { outer, given }: ComposeProject): { readonly file: string; readonly text: string } {
  if (outer === null) return { file: "", text: "" };
  const files = renderDotenv(given.map((file) => join(root, file)).join(":"), "compose", null) ?? "";
  return { file: join(outer, ".env"), text: `\nCOMPOSE_PATH_SEPARATOR=:\nCOMPOSE_FILE=${files}\n` };
}

/** Copies contain values: those of dead processes are deleted at the next plan. */
function sweep(units: string): void {
  for (const name of names(units)) {
    const [, pid = "", where = ""] = /^try-(\d+)-(\d+)-[0-9a-f]{8}$/.exec(name) ?? [];
    // The state of a process in another namespace is unknown here.
    if (pid !== "" && where === space() && !alive(Number(pid)))
      rmSync(join(units, name), { recursive: true, force: true });
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // not made yet
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}

/** The number of the process namespace; 0 without /proc. */
function space(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
