import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoEngine } from "./engine.ts";
import { makeFolders } from "../kit/io/folders.ts";

export const DEMO_IMAGE = "unsprawl-demo:1";

/** A tiny application with a shell: it prints the digest of the value it got, and then keeps running. */
const APP = `#!/bin/sh
trap 'exit 0' TERM
echo "$(printf %s "$DB_PASSWORD" | sha256sum | cut -c1-16)…"
while :; do sleep 1000 & wait $!; done
`;

/** Builds the demo's image from the distribution's static busybox: nothing is pulled. */
export function demoImage(engine: DemoEngine, dir: string): string {
  const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((file) => existsSync(file)) ?? installBusybox();
  const root = join(dir, "image");
  makeFolders(join(root, "bin"), 0o755);
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const name of ["sh", "sleep", "printf", "sha256sum", "cut", "echo"])
    symlinkSync("busybox", join(root, "bin", name));
  writeFileSync(join(root, "app"), APP);
  chmodSync(join(root, "app"), 0o755);
  const tar = spawnSync("tar", ["-C", root, "-c", "."], { maxBuffer: 1 << 28 });
  engine.docker(["import", "-c", 'ENTRYPOINT ["/app"]', "-c", "ENV PATH=/bin", "-", DEMO_IMAGE], tar.stdout);
  rmSync(root, { recursive: true });
  return DEMO_IMAGE;
}

function installBusybox(): string {
  const done = spawnSync("apt-get", ["install", "-y", "-qq", "busybox-static"], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  const file = ["/bin/busybox", "/usr/bin/busybox"].find((one) => existsSync(one));
  if (done.status !== 0 || !file)
    throw new Error("the demo's image is made from a static busybox: apt-get install busybox-static");
  return file;
}
