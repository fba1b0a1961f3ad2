import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "systemd",
  source: {
    kind: "systemd",
    usage: "systemd:FILE or FOLDER",
    summary: "units, their drop-ins and files of variables, and Quadlet containers",
    reads: "files",
  },
  stage: "files",
  tail: "rewrite",
  accepts: {
    elsewhere: "move the value even if it also appears where it cannot be moved, and leave it there",
  },
};
