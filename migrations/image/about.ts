import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "image",
  source: {
    kind: "image",
    usage: "image:REF or image:*",
    summary: "images of the engine",
    reads: "engine",
    lists: "images",
    layers: true,
  },
  stage: "images",
  tail: "clean",
  accepts: {},
};
