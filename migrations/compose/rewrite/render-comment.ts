import { dirname, relative } from "node:path";
import { cmd } from "../../../src/kit/shell.ts";
import type { YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { givenFiles } from "../syntax/given.ts";
import type { ComposeProject } from "../syntax/project.ts";

/**
 * What a file says to anyone who has it without the files of its values, where Compose fails with a path alone. The
 * source is named as it is called in the file's own folder.
 */
export async function renderComment(
  { given, dir }: Pick<ComposeProject, "given" | "dir">,
  isStack: boolean,
): Promise<(file: YamlFile) => string> {
  const found = await givenFiles("", dir, {}).catch((error: unknown) => {
    if (error instanceof UnsprawlError) return null;
    throw error;
  });
  const isFound = found?.files.join("\0") === given.join("\0");
  const before = isStack ? "docker stack deploy" : "docker compose up";
  return ({ file }) => {
    const from = (path: string): string => relative(dirname(file), path) || ".";
    const source = isFound ? from(dir) : given.map(from).join(":");
    return `on a new machine, before ${before}: ${cmd`unsprawl render ${`compose:${source}`}`}`;
  };
}
