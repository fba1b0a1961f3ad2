import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childEnvironment } from "../../kit/child-environment.ts";
import { ACCEPT_WORDS, RUN_CONFIGURATIONS } from "../../assembly/plug-ins.ts";
import { mappingOf, mappingText, readMapping } from "../../core/config/mapping.ts";
import { UnsprawlError } from "../../model/error.ts";
import { shownError } from "../shown-error.ts";
import type { TerminalSession } from "../session.ts";
import { startPlan } from "./plan.ts";
import { makeFolders } from "../../kit/io/folders.ts";

/**
 * Opens the mapping in the person's editor, and plans again with what was saved. An invalid file stays as a draft,
 * which is opened the next time.
 */
export async function editMapping(session: TerminalSession): Promise<void> {
  const { store, assembly } = session;
  const { planned, scan, wanted } = store.get();
  if (planned === null || session.handOver === null) return;
  const { provider, plan } = planned;
  const fail = (error: unknown, draft: string | null): void => {
    const { text, hint } = shownError(error, assembly.redactor);
    store.set((state) => ({
      planned: state.planned && { ...state.planned, draft },
      status: { text: hint ? `${text}; ${hint}` : text, tone: "bad" },
    }));
  };
  let left: string | null = null;
  try {
    const hits = scan.hits.filter(({ finding }) => wanted.has(finding.fingerprint));
    const tools = { migration: assembly.migration(RUN_CONFIGURATIONS), provider };
    const known = await mappingOf(hits, tools, planned.mapping ?? null);
    const before = mappingText(known, plan.store.name, ACCEPT_WORDS);
    const shown = planned.draft ?? before;
    left = await edited(session, shown);
    if (left === null || left === before) {
      store.set((state) => ({
        planned: state.planned && { ...state.planned, draft: null },
        status: { text: "nothing was changed", tone: "plain" },
      }));
      return;
    }
    startPlan(session, plan.store.name, await readMapping(left, known, provider, ACCEPT_WORDS));
  } catch (error) {
    fail(error, left);
  }
}

/** The edited text; null if the editor failed, as after `:cq`. The file contains no value, is 0600 and is deleted. */
async function edited(session: TerminalSession, text: string): Promise<string | null> {
  const { assembly, handOver } = session;
  const dir = join(assembly.state(), "edit");
  const file = join(dir, `mapping-${randomBytes(4).toString("hex")}.yaml`);
  makeFolders(dir, 0o700);
  writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  try {
    let code: number | null = null;
    await handOver?.(async () => {
      code = await run(assembly.env, file);
    });
    if (code === 127)
      throw new UnsprawlError(
        "failed",
        "the editor was not found",
        "set VISUAL or EDITOR, such as EDITOR=nano unsprawl",
      );
    return code === 0 ? readFileSync(file, "utf8") : null;
  } finally {
    rmSync(file, { force: true });
  }
}

/** Runs an editor as git does: by the shell, so that `code --wait` works. Resolves with its exit code. */
function run(env: NodeJS.ProcessEnv, file: string): Promise<number> {
  const editor = env["VISUAL"] || env["EDITOR"] || "vi";
  return new Promise((resolve) => {
    const child = spawn("sh", ["-c", `${editor} "$@"`, editor, file], { stdio: "inherit", env: childEnvironment(env) });
    child.on("error", () => resolve(127));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
