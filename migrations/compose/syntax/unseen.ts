import type { ProjectText } from "./environment.ts";

/**
 * Whether inspect shows nothing of a text: what it is filled from may stay in its env file while the variables move. So it
 * is with arguments of a build, files that Compose makes itself, and commands that it runs in a container by `exec`.
 */
export function isUnseen({ keys }: ProjectText): boolean {
  const [top, , member, , ...below] = keys;
  if (top === "secrets" || top === "configs") return member === "environment" || member === "content";
  if (top !== "services") return false;
  return (
    (member === "build" && keys[3] === "args") ||
    ((member === "post_start" || member === "pre_stop") && below.length > 0)
  );
}
