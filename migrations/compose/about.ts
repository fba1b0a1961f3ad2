import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "compose",
  source: {
    kind: "compose",
    usage: "compose:FILE or FOLDER",
    summary: "a Compose project and the files that it reads",
    reads: "files",
  },
  stage: "managed",
  tail: "rewrite",
  accepts: {
    drift: "recreate containers that no longer match their Compose files",
    elsewhere: "move the value even if it also appears where it cannot be moved, and leave it there",
    layer: "leave files behind that changed in the container's own layer",
    platform: "move what Coolify, Portainer or another platform deploys; take the value out there afterwards",
    unread: "move a value although its application is not seen to read its file",
  },
};
