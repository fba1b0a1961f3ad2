import { posix } from "node:path";
import type { Engine } from "../engine.ts";
import { containerFileTime } from "../files.ts";
import type { ContainerDoc } from "../types.ts";

/**
 * Finds the files that a container's own start command writes from their beginning, as Supabase's Kong does:
 * `sh -c 'eval … > ~/kong.yml && exec kong'`. Each start does so, so that another container has them too. Not what
 * stands behind a condition, which may write a file once and keep it.
 */
export function rewrittenByCommand({ Config }: ContainerDoc): (path: string) => boolean {
  const [shell = "", option = "", text = ""] = [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? [])];
  if (!/(?:^|\/)(?:ba|da|a)?sh$/.test(shell) || !/^-\w*c$/.test(option)) return () => false;
  const [always = ""] = text.split(CONDITION);
  const targets = [...new Set(Array.from(always.matchAll(REDIRECT), ([, target = ""]) => target))];
  if (targets.length > MOST_FILES) return () => false;
  return (path) =>
    targets.some((target) =>
      /^(?:~|\$HOME|\$\{HOME\})\//.test(target)
        ? isInHome(Config.Env ?? [], path, target.slice(target.indexOf("/") + 1))
        : posix.resolve("/", Config.WorkingDir || "/", target) === path,
    );
}

/** Each changed file of a container is compared with each of them. */
const MOST_FILES = 100;
const CONDITION = /&&|\|\||;;|[`]|\b(?:if|case|while|until|for|function|test)\b|\[/;
/** `> FILE`, neither `>> FILE` nor `2> FILE`. */
const REDIRECT = /(?<![>&\d<])>\s{0,8}((?:~|\$HOME|\$\{HOME\})?[\w./-]{1,400})/g;

function isInHome(env: readonly string[], path: string, rest: string): boolean {
  const home = env.find((one) => one.startsWith("HOME="))?.slice("HOME=".length);
  if (home !== undefined) return posix.resolve("/", home, rest) === path;
  return [`/${rest}`, `/root/${rest}`].includes(path) || (/^\/home\/[^/]+\//.test(path) && path.endsWith(`/${rest}`));
}

/**
 * Whether a file was last written at one of these moments, such as the container's start. One that was written since is
 * somebody's data, also where a script may write it: the script may do so only if it is asked to.
 */
export async function isWrittenAt(
  engine: Engine,
  id: string,
  path: string,
  moments: readonly (string | undefined)[],
): Promise<boolean> {
  const changed = await containerFileTime(engine, id, path);
  return changed !== null && moments.some((moment = "") => Math.abs(changed - Date.parse(moment)) < STARTING);
}

/** The engine notes the start a little before or after the first command runs. */
const STARTING = 30_000;
