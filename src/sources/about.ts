import type { SourceAbout } from "../contract/about.ts";

/** The sources without a migration: they are read, and nothing in them is rewritten. */
export const OWN_SOURCES = {
  archive: {
    kind: "archive",
    usage: "archive:FILE",
    summary: "saved images: docker save, or an OCI layout as tar or folder",
    reads: "files",
    layers: true,
  },
  inspect: {
    kind: "inspect",
    usage: "inspect:FILE or inspect:-",
    summary: "saved docker inspect output",
    reads: "files",
  },
  dir: { kind: "dir", usage: "dir:PATH", summary: "the files below a folder", reads: "files" },
} as const satisfies { readonly [kind: string]: SourceAbout };
