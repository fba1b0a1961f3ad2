import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "kubernetes",
  source: {
    kind: "kubernetes",
    usage: "kubernetes:FILE or FOLDER",
    summary: "manifests, kustomizations and Helm values",
    reads: "files",
  },
  stage: "files",
  tail: "rewrite",
  accepts: {},
};
