import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "docker-run",
  source: {
    kind: "script",
    usage: "script:FILE or FOLDER",
    summary: "docker run and podman run lines in scripts and units",
    reads: "files",
  },
  stage: "files",
  tail: "rewrite",
  accepts: {
    elsewhere: "move the value even if it also appears where it cannot be moved, and leave it there",
  },
};
