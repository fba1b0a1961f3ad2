import { relative } from "node:path";
import { bytesIfThere } from "../../../src/files/rewritten.ts";
import { isEarlierScript, SCRIPT } from "../delivery/script.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { Blocked } from "./blocked.ts";
import type { NewFile } from "./draft.ts";

/** The script, wherever services are granted it and it is not there yet: before the files that name it. */
export function newScripts({ dir }: ComposeProject, paths: readonly string[]): NewFile[] {
  return paths.flatMap((file): NewFile[] => {
    const is = bytesIfThere(file)?.toString("utf8") ?? null;
    const path = relative(dir, file);
    if (is === SCRIPT) return [];
    if (is === null) {
      const text = "the script that exports each value from its file, then starts the original command";
      return [{ file, text: SCRIPT, diff: [{ sign: "+", path, text }], mode: 0o644 }];
    }
    if (!isEarlierScript(is))
      throw new Blocked(
        `${file} exists and is not unsprawl's start script`,
        "rename it, then plan again; or --deliver runtime",
        () => true,
      );
    const text = "the script of an earlier version, replaced by this version's script";
    return [{ file, text: SCRIPT, before: is, diff: [{ sign: "~", path, text }] }];
  });
}
