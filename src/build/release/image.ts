import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLACES, SOCKET, STATE, UID } from "../../watch/install/container.ts";
import type { Architecture } from "./fetched.ts";
import { copyLibraries } from "./libraries.ts";
import { run, tar } from "./tools.ts";

export type ImageAsked = {
  readonly version: string;
  readonly architecture: Architecture;
  readonly program: string;
  readonly licenses: string;
  readonly epoch: number;
  readonly work: string;
};

/**
 * Makes a container image as an archive for `docker load` and any registry tool: the program, the C library that it is
 * linked with, and nothing else; no shell, no package manager. It runs as root, because the socket is root's, and with
 * any other user whose group may open it. Source: OCI image-spec 1.1, image-layout.md, config.md; Docker's manifest.json
 * beside it for engines before 25.
 */
export function makeImage(asked: ImageAsked, output: string): void {
  const { version, architecture, epoch, work } = asked;
  const layout = join(work, "layout");
  const blobs = join(layout, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  layRoot(asked, join(work, "root"));
  const plain = join(work, "layer.tar");
  tar(join(work, "root"), ["."], plain, epoch);
  const diff = digestOf(readFileSync(plain));
  run("gzip", ["-n", "-9", plain]);
  const layer = addBlob(blobs, `${plain}.gz`);
  const created = new Date(epoch * 1000).toISOString();
  const config = addJson(blobs, {
    architecture: { x64: "amd64", arm64: "arm64" }[architecture],
    os: "linux",
    created,
    config: {
      Env: Object.entries({ ...PLACES, PATH: "/usr/bin" }).map(([name, value]) => `${name}=${value}`),
      Entrypoint: ["/usr/bin/unsprawl"],
      Cmd: ["--help"],
      // Nanoseconds. A command that ends by itself has nothing to say, and counts as well.
      Healthcheck: {
        Test: ["CMD", "/usr/bin/unsprawl", "doctor", "--alive"],
        ...{ Interval: 30e9, Timeout: 10e9, StartPeriod: 30e9, Retries: 3 },
      },
      WorkingDir: STATE,
      Volumes: { [STATE]: {} },
      Labels: labels(version, created),
    },
    rootfs: { type: "layers", diff_ids: [diff] },
    history: [{ created, created_by: `unsprawl ${version}` }],
  });
  const manifest = addJson(blobs, {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
  });
  const name = `unsprawl:${version}`;
  writeJson(join(layout, "oci-layout"), { imageLayoutVersion: "1.0.0" });
  writeJson(join(layout, "index.json"), {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        ...manifest,
        annotations: {
          "io.containerd.image.name": `docker.io/library/${name}`,
          "org.opencontainers.image.ref.name": version,
        },
      },
    ],
  });
  const path = (one: { readonly digest: string }): string => `blobs/${one.digest.replace(":", "/")}`;
  writeJson(join(layout, "manifest.json"), [{ Config: path(config), RepoTags: [name], Layers: [path(layer)] }]);
  tar(layout, ["."], output, epoch);
}

/** The image's files. A user without a line in /etc/passwd has no home, and the state is whoever's runs it. */
function layRoot({ program, licenses }: ImageAsked, root: string): void {
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  cpSync(program, join(root, "usr/bin/unsprawl"));
  copyLibraries(program, root);
  for (const [folder, mode] of [
    ["tmp", 0o1777],
    [STATE.slice(1), 0o1777],
    ["run", 0o755],
    ["etc/unsprawl", 0o755],
    ["usr/share/doc/unsprawl", 0o755],
  ] as const) {
    mkdirSync(join(root, folder), { recursive: true });
    chmodSync(join(root, folder), mode);
  }
  writeFileSync(
    join(root, "etc/passwd"),
    `root:x:0:0:root:${STATE}:/usr/bin/unsprawl\nunsprawl:x:${UID}:${UID}::${STATE}:/usr/bin/unsprawl\n`,
  );
  writeFileSync(join(root, "etc/group"), `root:x:0:\nunsprawl:x:${UID}:\n`);
  writeFileSync(join(root, "usr/share/doc/unsprawl/THIRD-PARTY-LICENSES"), licenses);
}

/** Source: OCI image-spec 1.1, annotations.md, "Pre-Defined Annotation Keys". */
const labels = (version: string, created: string): { readonly [name: string]: string } => ({
  "org.opencontainers.image.title": "unsprawl",
  "org.opencontainers.image.description": "Finds secrets in containers and moves each into a secret store",
  "org.opencontainers.image.version": version,
  "org.opencontainers.image.created": created,
  "org.opencontainers.image.licenses": "Apache-2.0",
  "unsprawl.usage": `docker run --rm -v ${SOCKET}:${SOCKET} unsprawl:${version} scan`,
});

type LayoutBlob = { readonly digest: string; readonly size: number };

function addBlob(blobs: string, file: string): LayoutBlob {
  const digest = digestOf(readFileSync(file));
  const { size } = statSync(file);
  renameSync(file, join(blobs, digest.slice("sha256:".length)));
  return { digest, size };
}

function addJson(blobs: string, value: object): LayoutBlob {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = digestOf(bytes);
  writeFileSync(join(blobs, digest.slice("sha256:".length)), bytes);
  return { digest, size: bytes.length };
}

const writeJson = (file: string, value: object): void => writeFileSync(file, JSON.stringify(value));
const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
