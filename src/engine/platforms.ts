import type { Refusal } from "../model/plan.ts";

/** The word of `--accept` for what a platform owns. */
const PLATFORM = "platform";

/** What Compose and Swarm say of a container in its labels; a project and a service have the same without a container. */
export const FOLDER_LABEL = "com.docker.compose.project.working_dir";
export const SERVICE_LABEL = "com.docker.swarm.service.name";

/** A program that creates containers from its configuration, and creates them again at each deploy. */
type DeployPlatform = {
  readonly name: string;
  /** Where a person changes a variable there. */
  readonly where: string;
  /** Labels that it gives to what it makes, all of one entry together. */
  readonly marks: readonly { readonly [label: string]: RegExp }[];
  /** Where its own code gives them. */
  readonly source: string;
};

const PRESENT = /^/;

const PLATFORMS: readonly DeployPlatform[] = [
  {
    name: "Coolify",
    where: "Environment Variables of the resource",
    marks: [{ "coolify.managed": PRESENT }, { [FOLDER_LABEL]: /^\/data\/coolify\// }],
    source:
      "coollabsio/coolify bootstrap/helpers/docker.php: defaultLabels, defaultDatabaseLabels; shared.php: base_configuration_dir",
  },
  {
    name: "Dokploy",
    where: "Environment of the service",
    marks: [{ [FOLDER_LABEL]: /^\/etc\/dokploy\/compose\// }],
    source: "Dokploy/dokploy packages/server/src/constants/index.ts: COMPOSE_PATH",
  },
  {
    name: "Portainer",
    where: "the Editor and Environment variables of the stack",
    marks: [{ [FOLDER_LABEL]: /^\/data\/compose\/\d+(?:\/|$)/ }],
    source: "portainer/portainer api/filesystem/filesystem.go: ComposeStorePath, below /data by default",
  },
  {
    name: "Komodo",
    where: "Environment and the file of the stack",
    marks: [{ [FOLDER_LABEL]: /^\/etc\/komodo\/(?:stacks|repos)\// }],
    source: "moghtech/komodo config/periphery.config.toml: root_directory, stack_dir, repo_dir",
  },
  {
    name: "CapRover",
    where: "App Configs of the app",
    marks: [{ [SERVICE_LABEL]: /^srv-captain--/ }],
    source: "caprover/caprover src/datastore/AppsDataStore.ts: getServiceName",
  },
  {
    name: "Dokku",
    where: "`dokku config:unset` and a file or a mount in its place",
    marks: [{ "com.dokku.container-type": PRESENT }],
    source: "dokku/dokku plugins/logs: ContainerTypeLabel",
  },
  {
    name: "Kamal",
    where: "env in config/deploy.yml, and .kamal/secrets",
    marks: [{ role: PRESENT, destination: PRESENT }],
    source: "basecamp/kamal lib/kamal/configuration/role.rb: default_labels",
  },
];

export type Labels = { readonly [label: string]: string };

/** The platform that made what has these labels; null if none did. Labels that an image brings do not count. */
function platformOf(labels: Labels): DeployPlatform | null {
  const has = (mark: DeployPlatform["marks"][number]): boolean =>
    Object.entries(mark).every(([label, value]) => labels[label] !== undefined && value.test(labels[label]));
  return PLATFORMS.find(({ marks }) => marks.some(has)) ?? null;
}

export const isOfPlatform = (labels: Labels): boolean => platformOf(labels) !== null;

/** Why what a platform made is not moved, unless that is accepted; `what` is `container`, for example. */
export function platformRefusal(what: string, labels: Labels, accept: ReadonlySet<string>): Refusal | null {
  const found = platformOf(labels);
  if (found === null || accept.has(PLATFORM)) return null;
  return {
    reason: `its ${what} belongs to ${found.name}: the next deploy there creates it again, with the value from ${found.name}'s own configuration`,
    hint: `change it in ${found.name} (${found.where}), and deploy; or --accept ${PLATFORM} moves it until the next deploy there`,
  };
}

/** What a person should know before a platform's container is moved anyway. */
export function platformNotes(what: string, labels: Labels): readonly string[] {
  const found = platformOf(labels);
  if (found === null) return [];
  return [
    `the ${what} belongs to ${found.name}: the next deploy there brings the values back; take them out there too (${found.where})`,
  ];
}
