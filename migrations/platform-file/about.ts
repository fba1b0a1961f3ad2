import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "platform-file",
  // `dir:` comes by its files.
  source: null,
  stage: "files",
  tail: "rewrite",
  accepts: {
    elsewhere: "move the value even if it also appears where it cannot be moved, and leave it there",
    forks: "move the value even though pull requests from forks run without secrets",
  },
};
