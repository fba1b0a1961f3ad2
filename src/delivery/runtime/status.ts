import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../engine/engine.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { OpenStore } from "./resolve.ts";
import type { ReferenceBinding } from "../../model/binding.ts";
import { mustAnswer } from "../readers.ts";
import { readBindings } from "./bindings.ts";
import { foreignFile, foreignProgram } from "../../kit/io/roots-alone.ts";
import { readSettings, RUNTIME_NAME, runtimeHome, type RuntimeStore } from "./settings.ts";

export type StatusLine = { readonly ok: boolean; readonly text: string; readonly hint: string | null };
export type RuntimeStatus = {
  readonly installed: boolean;
  readonly registered: boolean;
  readonly stores: readonly string[];
  /** Which consumer may use which reference in which variable. */
  readonly bindings: readonly ReferenceBinding[];
  readonly lines: readonly StatusLine[];
};

const AGAIN = "unsprawl runtime install --to STORE";

/** Whether the runtime would work at the next container start: registered, complete on disk, its stores reachable. */
export async function runtimeStatus(engine: Engine, env: NodeJS.ProcessEnv, open: OpenStore): Promise<RuntimeStatus> {
  const home = runtimeHome(env);
  const settings = readSettings(home);
  const registered = Object.keys((await engine.info()).Runtimes ?? {}).includes(RUNTIME_NAME);
  const lines: StatusLine[] = [
    line(settings !== null, `installed in ${home}`, "not installed"),
    line(registered, "registered with the engine", "not registered with the engine"),
  ];
  if (settings === null) return { installed: false, registered, stores: [], bindings: [], lines };
  const bindings = await installedLines(home, settings.stores, open, lines);
  return { installed: true, registered, stores: settings.stores.map((store) => store.name), bindings, lines };
}

/** Adds a line for each part of an installed runtime that its containers need, and returns what is bound. */
export async function installedLines(
  home: string,
  stores: readonly RuntimeStore[],
  open: OpenStore,
  lines: StatusLine[],
): Promise<readonly ReferenceBinding[]> {
  const files = programFiles(home);
  for (const file of files)
    lines.push(line(usable(file), `${file} exists`, `${file} is gone: containers could not start`));
  if (files.every(usable)) lines.push(ownershipLine(home, files));
  const bindings = boundIn(home, lines);
  for (const store of stores) lines.push(await storeLine(store, home, open));
  return bindings;
}

export function line(ok: boolean, good: string, bad: string, hint = AGAIN): StatusLine {
  return { ok, text: ok ? good : bad, hint: ok ? null : hint };
}

function ownershipLine(home: string, [program = "", node = "", resolver = ""]: readonly string[]): StatusLine {
  const foreign = foreignFile([home, program]) ?? foreignProgram(node, resolver);
  const bad = `${foreign ?? ""}: root runs a program that others can change`;
  const hint = "install unsprawl where only root can write, then unsprawl runtime install";
  return line(foreign === null, "only root can change them", bad, hint);
}

async function storeLine(store: RuntimeStore, home: string, open: OpenStore): Promise<StatusLine> {
  try {
    await mustAnswer(await open(store, home));
    return line(true, `${store.name} (${store.provider}) answers with the runtime's own credential`, "");
  } catch (error) {
    const known = error instanceof UnsprawlError ? error : null;
    return line(false, "", `${store.name}: ${known?.message ?? "unexpected error"}`, known?.hint ?? AGAIN);
  }
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
