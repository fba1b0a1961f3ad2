import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "registry",
  source: {
    kind: "registry",
    usage: "registry:HOST/REPO[:TAG]",
    summary: "images in a registry, without pulling them; globs and @DIGEST too",
    reads: "network",
    layers: true,
    resumable: true,
  },
  stage: "images",
  tail: "clean",
  accepts: {},
};
