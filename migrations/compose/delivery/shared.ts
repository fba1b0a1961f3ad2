import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Engine } from "../../../src/engine/engine.ts";
import { bytesIfThere, type Rewrite } from "../../../src/files/rewritten.ts";
import { targetOf } from "../steps.ts";

/** A rewrite without the files that the run made and that other projects use by now: a rollback leaves those. */
export async function withoutShared(engine: Engine, rewrite: Rewrite): Promise<Rewrite> {
  const shared = await sharedFiles(engine, rewrite);
  return { ...rewrite, files: rewrite.files.filter(({ file }) => !shared.has(file)) };
}

async function sharedFiles(engine: Engine, rewrite: Rewrite): Promise<ReadonlySet<string>> {
  const made = rewrite.files.filter(({ before }) => before === null).map(({ file }) => file);
  if (made.length === 0) return new Set();
  const { name } = targetOf(rewrite);
  const others = (await engine.containers()).filter(({ Labels = {} }) => Labels["com.docker.compose.project"] !== name);
  const mounted = new Set(others.flatMap(({ Mounts = [] }) => Mounts.flatMap(({ Source }) => Source ?? [])));
  const own = new Set(rewrite.files.map(({ file }) => file));
  return new Set(made.filter((file) => mounted.has(file) || isNamedBeside(file, own)));
}

/** Whether a Compose file beside it names the file: of a project that is down, maybe. */
function isNamedBeside(file: string, own: ReadonlySet<string>): boolean {
  const dir = dirname(file);
  try {
    return readdirSync(dir)
      .filter((name) => /\.(ya?ml|json)$/.test(name) && !own.has(join(dir, name)))
      .some((name) => {
        const bytes = bytesIfThere(join(dir, name));
        return bytes?.includes(basename(file)) === true && !isSavedPlan(bytes.toString("utf8"));
      });
  } catch {
    return false; // not a folder, or not readable: then nobody can be asked
  }
}

/** Whether a text is what `plan -o` writes, which names the files of a run and uses none. */
function isSavedPlan(text: string): boolean {
  try {
    const doc: unknown = JSON.parse(text);
    return typeof doc === "object" && doc !== null && "steps" in doc && "mac" in doc && !("services" in doc);
  } catch {
    return false;
  }
}
