import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a service is built from: the image that the last stage of its Dockerfile begins with; null if that is not to be had. */
export function baseOf(build: unknown): string | null {
  if (typeof build !== "object" || build === null) return null;
  const { context = ".", dockerfile = "Dockerfile", target } = build as { readonly [key: string]: string | undefined };
  const file = join(context, dockerfile);
  if (!existsSync(file)) return null;
  const stages = [...readFileSync(file, "utf8").matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim)].map(
    ([, image = "", name]) => ({ image, name: name?.toLowerCase() }),
  );
  const named = (name = "", before = stages.length): number =>
    stages.slice(0, before).findLastIndex((stage) => stage.name === name.toLowerCase());
  let at = target === undefined ? -1 : named(target);
  if (at < 0) at = stages.length - 1;
  for (let from = at; from >= 0; from = named(stages[at]?.image, at)) at = from;
  return stages[at]?.image ?? null;
}
