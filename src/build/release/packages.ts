import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "./fetched.ts";
import { run } from "./tools.ts";

export type PackageAsked = {
  readonly version: string;
  readonly architecture: Architecture;
  /** A root folder, as layTree() makes it. */
  readonly tree: string;
  readonly nfpm: string;
  /** Seconds since 1970: the moment of every file. */
  readonly epoch: number;
  /** A folder for what is made on the way. */
  readonly work: string;
};

const FORMATS = { deb: "deb", rpm: "rpm", apk: "apk" } as const;
export type PackageFormat = keyof typeof FORMATS;

/** What Node's own builds are linked with. Source: Node.js, BUILDING.md, "Platform list": glibc 2.28, libstdc++ of GCC 12. */
const NEEDS: { readonly [format in PackageFormat]: readonly string[] } = {
  deb: ["libc6 (>= 2.28)", "libstdc++6", "libgcc-s1"],
  rpm: ["glibc >= 2.28", "libstdc++", "libgcc"],
  // Alpine's C library is another one: the package brings the one that Node needs, in its own folder.
  apk: [],
};

/** Before it is removed, not before it is replaced: containers that would not start without it stop the removal. */
const BEFORE_REMOVAL = `#!/bin/sh
set -e
case "$1" in
  upgrade | 1 | 2) exit 0 ;;
esac
[ -x /usr/bin/unsprawl ] || exit 0
# Root loads nothing from another user's home, which sudo may have left here.
[ -O "$HOME" ] || export HOME=/root
/usr/bin/unsprawl uninstall --check
`;

/** Builds a package into \`output\`. Throws where nfpm fails. Source: nfpm's documentation, "Configuration". */
export function makePackage(format: PackageFormat, asked: PackageAsked, output: string): void {
  const { version, architecture, tree, nfpm, epoch, work } = asked;
  mkdirSync(work, { recursive: true });
  const script = join(work, "before-removal.sh");
  writeFileSync(script, BEFORE_REMOVAL, { mode: 0o755 });
  const config = {
    name: "unsprawl",
    arch: { x64: "amd64", arm64: "arm64" }[architecture],
    platform: "linux",
    version,
    section: "admin",
    priority: "optional",
    maintainer: "The unsprawl developers <unsprawl@localhost>",
    description: "Finds secrets in containers and moves each into a secret store",
    license: "Apache-2.0",
    mtime: new Date(epoch * 1000).toISOString(),
    depends: NEEDS[format],
    contents: [{ src: `${tree}/`, dst: "/", type: "tree" }],
    scripts: { preremove: script },
    // dpkg knows it since Debian 12 and Ubuntu 18.04, rpm since Fedora 31 and RHEL 8.
    deb: { compression: "zstd" },
    rpm: { compression: "zstd:9", buildhost: "localhost" },
  };
  run("find", [tree, script, "-exec", "touch", "--no-dereference", `--date=@${epoch}`, "{}", "+"]);
  const file = join(work, `nfpm-${format}.json`);
  // YAML 1.2 contains JSON.
  writeFileSync(file, JSON.stringify(config));
  run(nfpm, ["package", "--config", file, "--packager", format, "--target", output], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
  });
}
