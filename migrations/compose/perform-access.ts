import { rewrittenFiles, type Rewrite } from "../../src/files/rewritten.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { composeEnvironment, missingVariables } from "./engine/child.ts";
import type { ComposeCli } from "./engine/cli.ts";
import { projectOf } from "./find.ts";
import { targetOf } from "./steps.ts";
import type { ComposeProject } from "./syntax/project.ts";
import type { ComposeTools } from "./tools.ts";

/** How a plan's steps reach a project: its files, and Compose. */
export class ProjectAccess {
  readonly tools: ComposeTools;
  readonly files: ReturnType<typeof rewrittenFiles>;
  readonly #cli: (names: readonly string[]) => Promise<ComposeCli>;

  constructor(tools: ComposeTools, cli: (names: readonly string[]) => Promise<ComposeCli>) {
    this.tools = tools;
    this.files = rewrittenFiles(tools);
    this.#cli = cli;
  }

  async project(rewrite: Rewrite): Promise<ComposeProject> {
    const target = targetOf(rewrite);
    return projectOf(target, composeEnvironment(this.tools.env, target.passes));
  }

  /** Throws `refused` if a variable of the environment is missing that was set when the project was planned. */
  async cli(rewrite: Rewrite): Promise<ComposeCli> {
    const { name, passes } = targetOf(rewrite);
    const missing = missingVariables(await this.project(rewrite), passes, this.tools.env);
    if (missing.length === 0) return this.#cli(passes);
    throw new UnsprawlError(
      "refused",
      `${missing.join(", ")} was set when ${name} was planned and is not now, so Compose would create different containers`,
      cmd`export ${missing[0] ?? ""}=… as it was then, then try again`,
    );
  }
}
