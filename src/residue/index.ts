/**
 * What still shows a value after its migration: one file per kind of place. It looks and says what to type; nothing is
 * deleted or changed.
 */
import { realpath } from "node:fs/promises";
import type { Look, LookAbout } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { engineLooks } from "./engine.ts";
import { fileLook } from "./files.ts";
import { valueHider } from "./forms.ts";
import { gitLook } from "./git.ts";
import { historyLook } from "./shell-history.ts";

/** All looks, in the order in which their places are reported. */
export async function looksFor(
  about: LookAbout,
  open: () => Promise<Engine>,
  env: NodeJS.ProcessEnv,
): Promise<readonly Look[]> {
  const files = await Promise.all(about.files.map(async (file) => realpath(file).catch(() => file)));
  const real = { ...about, files: [...new Set(files)] };
  const isRoot = process.geteuid?.() === 0;
  const looks = [engineLooks(open, about.engine), fileLook(real, open), historyLook(env, isRoot), gitLook(real, env)];
  return looks.map((look) => hiding(look));
}

/** Names of files, containers and labels may contain a value: they are shown up to it. */
function hiding(look: Look): Look {
  return {
    name: look.name,
    async *look(marks, host) {
      const hide = valueHider(marks);
      for await (const one of look.look(marks, host)) {
        if (!("mark" in one)) yield { place: hide(one.place), why: hide(one.why) };
        else {
          const next = one.next === null || hide(one.next) !== one.next ? null : one.next;
          yield { ...one, place: hide(one.place), next };
        }
      }
    },
  };
}
