import { Blocked } from "./rewrite/blocked.ts";
import type { ComposeCli, ComposeConfig, ProjectCall } from "./engine/cli.ts";
import { projectCall } from "./find.ts";
import type { ComposeProject } from "./syntax/project.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";

/**
 * The call with every profile, so that each service is seen; if Compose refuses that (profiles may exclude each other),
 * with those that `docker compose` would enable and those of the services that have containers.
 */
export async function usableCall(
  { cli, project }: { readonly cli: ComposeCli; readonly project: ComposeProject },
  running: readonly string[],
): Promise<{ readonly call: ProjectCall; readonly config: ComposeConfig }> {
  const whole = projectCall(project);
  try {
    return { call: whole, config: await cli.config(whole) };
  } catch (error) {
    const active = (project.lookup("COMPOSE_PROFILES") ?? "").split(",").map((one) => one.trim());
    const used = running.flatMap((service) => project.services.get(service)?.profiles ?? []);
    const profiles = whole.profiles.filter((one) => active.includes(one) || used.includes(one));
    if (!(error instanceof UnsprawlError) || profiles.length === whole.profiles.length) throw error;
    const call = { ...whole, profiles };
    return { call, config: await cli.config(call) };
  }
}

/** Throws `Blocked` for a service that Compose leaves out, since its profile could not be enabled. */
export function isEnabled(
  { before, call }: { readonly before: ComposeConfig; readonly call: ProjectCall },
  service: string,
  { services }: ComposeProject,
): void {
  const profiles = services.get(service)?.profiles ?? [];
  if (before.services[service] !== undefined || profiles.length === 0) return;
  const [profile = ""] = profiles;
  throw new Blocked(
    `${service} is in the profile ${profile}, which Compose does not accept together with the other profiles`,
    cmd`cd ${call.dir} && docker compose --profile ${profile} config --quiet shows why`,
    (one) => one === service,
  );
}
