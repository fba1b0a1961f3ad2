import { Blocked } from "./rewrite/blocked.ts";
import type { ComposeCli, ComposeConfig, ProjectCall } from "./engine/cli.ts";
import { projectCall } from "./find.ts";
import type { ComposeProject } from "./syntax/project.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";

/**
 * The call with every profile, so that each service is seen; if Compose refuses that (profiles may exclude each other, or
 * name an env file that is not there), with those that `docker compose` would enable and those of the services that have
 * containers, then with each further one that it accepts beside them.
 */
export async function usableCall(
  { cli, project }: { readonly cli: ComposeCli; readonly project: ComposeProject },
  running: readonly string[],
): Promise<Usable> {
  const whole = projectCall(project);
  try {
    return { call: whole, config: await cli.config(whole) };
  } catch (error) {
    const active = (project.lookup("COMPOSE_PROFILES") ?? "").split(",").map((one) => one.trim());
    const used = running.flatMap((service) => project.services.get(service)?.profiles ?? []);
    const profiles = whole.profiles.filter((one) => active.includes(one) || used.includes(one));
    if (!(error instanceof UnsprawlError) || profiles.length === whole.profiles.length) throw error;
    const call = { ...whole, profiles };
    return withOthers(cli, whole.profiles, { call, config: await cli.config(call) });
  }
}

const MOST_TRIED = 40;

type Usable = { readonly call: ProjectCall; readonly config: ComposeConfig };

async function withOthers(cli: ComposeCli, all: readonly string[], first: Usable): Promise<Usable> {
  let usable = first;
  // Each is a call of Compose.
  for (const profile of all.filter((one) => !first.call.profiles.includes(one)).slice(0, MOST_TRIED)) {
    const call = { ...usable.call, profiles: [...usable.call.profiles, profile] };
    try {
      usable = { call, config: await cli.config(call) };
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
    }
  }
  return usable;
}

/** Throws `Blocked` for a service that Compose leaves out, as it does where a profile could not be enabled. */
export function isEnabled(
  { before, call }: { readonly before: ComposeConfig; readonly call: ProjectCall },
  service: string,
  { services }: ComposeProject,
): void {
  if (before.services[service] !== undefined) return;
  const [profile] = services.get(service)?.profiles ?? [];
  throw new Blocked(
    profile === undefined
      ? `Compose leaves ${service} out of the project`
      : `${service} is in the profile ${profile}, with which Compose refuses the files`,
    profile === undefined
      ? cmd`cd ${call.dir} && docker compose config --services lists those that it has`
      : cmd`cd ${call.dir} && docker compose --profile ${profile} config --quiet shows why`,
    (one) => one === service,
  );
}
