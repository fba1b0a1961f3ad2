import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../engine/engine.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { OpenStore } from "./resolve.ts";
import type { ReferenceBinding } from "../../model/binding.ts";
import { mustAnswer } from "../readers.ts";
import { readBindings } from "./bindings.ts";
import { foreignFile, foreignProgram } from "../../kit/io/roots-alone.ts";
import { readSettings, RUNTIME_NAME, runtimeHome } from "./settings.ts";

export type StatusLine = { readonly ok: boolean; readonly text: string; readonly hint: string | null };
export type RuntimeStatus = {
  readonly installed: boolean;
  readonly registered: boolean;
  readonly stores: readonly string[];
  /** Which consumer may use which reference in which variable. */
  readonly bindings: readonly ReferenceBinding[];
  readonly lines: readonly StatusLine[];
};

/** Whether the runtime would work at the next container start: registered, complete on disk, its stores reachable. */
export async function runtimeStatus(engine: Engine, env: NodeJS.ProcessEnv, open: OpenStore): Promise<RuntimeStatus> {
  const home = runtimeHome(env);
  const again = "unsprawl runtime install --to STORE";
  const settings = readSettings(home);
  const registered = Object.keys((await engine.info()).Runtimes ?? {}).includes(RUNTIME_NAME);
  const lines: StatusLine[] = [
    { ok: settings !== null, text: settings ? `installed in ${home}` : "not installed", hint: settings ? null : again },
    {
      ok: registered,
      text: registered ? "registered with the engine" : "not registered with the engine",
      hint: registered ? null : again,
    },
  ];
  if (settings === null) return { installed: false, registered, stores: [], bindings: [], lines };
  const files = programFiles(home);
  for (const file of files) {
    const ok = usable(file);
    lines.push({
      ok,
      text: ok ? `${file} exists` : `${file} is gone: containers could not start`,
      hint: ok ? null : again,
    });
  }
  const [program = "", node = "", resolver = ""] = files;
  const isWhole = files.every(usable);
  const foreign = isWhole ? (foreignFile([home, program]) ?? foreignProgram(node, resolver)) : null;
  if (isWhole)
    lines.push({
      ok: foreign === null,
      text: foreign === null ? "only root can change them" : `${foreign}: root runs a program that others can change`,
      hint: foreign === null ? null : "install unsprawl where only root can write, then unsprawl runtime install",
    });
  const bindings = boundIn(home, lines);
  for (const store of settings.stores) {
    try {
      const provider = await open(store, home);
      await mustAnswer(provider);
      lines.push({
        ok: true,
        text: `${store.name} (${store.provider}) answers with the runtime's own credential`,
        hint: null,
      });
    } catch (error) {
      const known = error instanceof UnsprawlError ? error : null;
      lines.push({
        ok: false,
        text: `${store.name}: ${known?.message ?? "unexpected error"}`,
        hint: known?.hint ?? again,
      });
    }
  }
  return { installed: true, registered, stores: settings.stores.map((store) => store.name), bindings, lines };
}

function boundIn(home: string, lines: StatusLine[]): readonly ReferenceBinding[] {
  try {
    return readBindings(home);
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    lines.push({ ok: false, text: `${error.message}: no reference is resolved`, hint: error.hint });
    return [];
  }
}

/** The files that the program needs at each start: itself, node, the resolver and the real runtime. */
function programFiles(home: string): string[] {
  const program = join(home, "unsprawl-runc");
  if (!existsSync(program)) return [program];
  const text = readFileSync(program, "utf8");
  const named = ["node", "resolver", "real"].map(
    (name) => new RegExp(`^${name}='?(.*?)'?$`, "m").exec(text)?.[1] ?? "",
  );
  return [program, ...named];
}

function usable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
