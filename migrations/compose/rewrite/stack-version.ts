import { cmd } from "../../../src/kit/shell.ts";
import { entry, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { ComposeProject } from "../syntax/project.ts";

/**
 * Throws `Blocked` where `docker stack deploy` would refuse the reference beside a secret: from 3.1 to 3.6 it takes no
 * `x-` key there. Plain `3`, and none, are the newest to it.
 */
export function mustTakeReferences({ yaml }: Pick<ComposeProject, "yaml">): void {
  for (const file of yaml.values()) {
    const version = scalarText((file.root && entry(file.root, "version", file)?.value) ?? null) ?? "";
    if (!/^3\.[1-6]$/.test(version)) continue;
    throw new Blocked(
      cmd`docker stack deploy takes no reference beside a secret in a file of version ${version}`,
      cmd`write version: "3.7" in ${file.file}, then plan again`,
      () => true,
    );
  }
}
