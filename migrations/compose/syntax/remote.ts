import type { Node } from "yaml";
import { UnsprawlError } from "../../../src/model/error.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import type { YamlFile } from "../../../src/kit/text/yaml-nodes.ts";

/** Whether Compose would fetch it: from a registry, or with git. The address may hold a login, so it is not repeated. */
export const isRemote = (path: string): boolean => /^([a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/i.test(path);

/** That a file includes one that would have to be fetched. */
export function remoteFault({ file, text }: YamlFile, item: Node | null): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${file}, line ${lineOf(text, item?.range?.[0] ?? 0)}: includes a remote file, which is not read`,
    "download it and include the copy, then try again",
  );
}
