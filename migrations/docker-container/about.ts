import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "docker-container",
  source: {
    kind: "docker",
    usage: "docker:[NAME or GLOB]",
    summary: "containers of the engine, and their images (the default)",
    reads: "engine",
    lists: "containers",
    isDefault: true,
    running: true,
    layers: true,
  },
  stage: "containers",
  tail: "recreate",
  accepts: {
    compose: "move a container that a Compose file describes; take the value out of that file afterwards",
    layer: "leave files behind that changed in the container's own layer",
    platform: "move what Coolify, Portainer or another platform deploys; take the value out there afterwards",
    ports: "let the engine choose other host ports",
    rm: "move a running container that was started with --rm",
    sharers: "recreate containers that rely on this one too",
    unread: "move a value although its application is not seen to read its file",
  },
};
