import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "dockerfile",
  source: {
    kind: "dockerfile",
    usage: "dockerfile:FILE or FOLDER",
    summary: "a Dockerfile, and what its build would copy",
    reads: "files",
  },
  stage: "files",
  tail: "rewrite",
  accepts: {},
};
