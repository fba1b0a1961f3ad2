import type { FormatAbout } from "../../src/contract/about.ts";

export const about: FormatAbout = {
  name: "store",
  source: null,
  stage: "stores",
  tail: "none",
  accepts: {},
};
