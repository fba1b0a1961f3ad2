import { FOLDER_LABEL, platformRefusal, type Labels } from "../../src/engine/platforms.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { ComposeConfig } from "./engine/cli.ts";
import type { ComposeProject } from "./syntax/project.ts";

/** The labels by which a platform's project is known: those that it writes into the file, and the one of its folder. */
export function platformLabels({ dir }: ComposeProject, { services }: ComposeConfig): Labels {
  const written = Object.values(services).map(({ labels }) => labels as Labels | null | undefined);
  return Object.assign({}, ...written, { [FOLDER_LABEL]: dir }) as Labels;
}

/** Throws `refused` for a project that a platform deploys, unless that is accepted. */
export function mustBeNoPlatforms(labels: Labels, accept: ReadonlySet<string>): void {
  const refusal = platformRefusal("project", labels, accept);
  if (refusal !== null) throw new UnsprawlError("refused", refusal.reason, refusal.hint ?? "");
}
