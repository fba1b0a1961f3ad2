import { UnsprawlError } from "../model/error.ts";
import type { Engine } from "./engine.ts";
import { nameOf } from "./names.ts";
import { isByPodman } from "./recreate/body.ts";
import type { ContainerDoc, PodmanContainer } from "./types.ts";

const MASKED = "=*******";

/** The secrets that a container has of Podman, by name: in variables, which it shows under their secrets' names, and as files. */
export function podmanSecretsOf({ Config }: PodmanContainer): {
  readonly variables: readonly string[];
  readonly files: readonly string[];
} {
  const entries = (Config.Env ?? []).filter((entry) => entry.endsWith(MASKED));
  return {
    variables: entries.map((entry) => entry.slice(0, -MASKED.length)),
    files: (Config.Secrets ?? []).map(({ Name }) => Name),
  };
}

/** A setting that a container loses if it is created by Docker's API, and the values that mean that it is not set. */
type OwnSetting = {
  readonly flag: string;
  readonly unset: readonly unknown[];
  readonly of: (doc: PodmanContainer) => unknown;
};

/** Measured on Podman 5.4: what is other, or gone, in a container that was created again by Docker's API. */
const OWN_SETTINGS: readonly OwnSetting[] = [
  { flag: "--pod", unset: [""], of: (doc) => doc["Pod"] },
  { flag: "--umask", unset: ["", "0022", "0000"], of: ({ Config }) => Config["Umask"] },
  { flag: "--tz", unset: [""], of: ({ Config }) => Config["Timezone"] },
  { flag: "--timeout", unset: [0], of: ({ Config }) => Config["Timeout"] },
  { flag: "--passwd=false", unset: [true], of: ({ Config }) => Config["Passwd"] },
  { flag: "--sdnotify", unset: ["", "container"], of: ({ Config }) => Config["sdNotifyMode"] },
  {
    flag: "--health-on-failure",
    unset: ["", "none"],
    of: ({ Config }) => Config["HealthcheckOnFailureAction"],
  },
  { flag: "--health-startup-cmd", unset: [], of: ({ Config }) => Config["StartupHealthCheck"] },
  { flag: "--log-opt max-size", unset: ["", "0B"], of: ({ HostConfig }) => HostConfig.LogConfig?.["Size"] },
  { flag: "--rdt-class", unset: [""], of: ({ HostConfig }) => HostConfig["IntelRdtClosID"] },
];

/**
 * Throws `refused` if a container has what Docker's API, through which it would be created again, cannot give: it would come
 * back without its pod, its secrets or its umask, and nothing that the API shows would differ.
 */
export async function mustFitDockersApi(engine: Engine, doc: ContainerDoc): Promise<void> {
  const own = isByPodman(doc) ? await engine.podmanContainer(doc.Id) : null;
  if (own === null) return;
  const secrets = new Set(Object.values(podmanSecretsOf(own)).flat());
  const flags = OWN_SETTINGS.filter(({ unset, of }) => ![undefined, null, ...unset].includes(of(own)));
  const lost = [...[...secrets].map((name) => `--secret ${name}`), ...flags.map(({ flag }) => flag)];
  if (lost.length === 0) return;
  throw new UnsprawlError(
    "refused",
    `${nameOf(doc)} has settings that Podman takes from its own commands only: ${lost.join(", ")}`,
    "unsprawl plan script:FILE --to STORE moves it in the file of its podman run line; in a unit: unsprawl plan systemd: --to STORE",
  );
}
