import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "swarm",
  source: {
    kind: "swarm",
    usage: "swarm:[NAME or GLOB]",
    summary: "services and configs of a swarm",
    reads: "manager",
  },
  stage: "managed",
  tail: "recreate",
  accepts: {
    platform: "move what Coolify, Portainer or another platform deploys; take the value out there afterwards",
    stack: "move a service that a stack file describes; take the value out of that file afterwards",
    unread: "move a value although its application is not seen to read its file",
  },
};
