import { caprover, casaos, dokploy, portainer } from "./apps.ts";
import { appService, containerApps } from "./azure.ts";
import { cloudFormation, ecs, nomad, terraform } from "./clouds.ts";
import { helm, kustomize } from "./clusters.ts";
import { ansible, ansibleVars, devcontainer, templates } from "./hosts.ts";
import { githubAction, githubActions, gitlabCi } from "./pipelines.ts";
import type { Platform } from "./platform.ts";

/** In the order in which a file is offered to them. */
export const platforms: readonly Platform[] = [
  ecs,
  appService,
  containerApps,
  cloudFormation,
  terraform,
  nomad,
  githubActions,
  githubAction,
  gitlabCi,
  kustomize,
  helm,
  devcontainer,
  dokploy,
  caprover,
  casaos,
  portainer,
  ansible,
  ansibleVars,
  templates,
];
