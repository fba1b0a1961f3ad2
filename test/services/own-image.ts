import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestEngine } from "./engine.ts";
import { importImage, staticBusybox, tools } from "./images.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BASE = "node:24-slim";

/** Builds an image of unsprawl by this Dockerfile, on this Node, with what `npm run build` made here. */
export async function buildOwnImage(engine: TestEngine, dockerfile: string, tag: string): Promise<void> {
  const busybox = await staticBusybox();
  importImage(engine, BASE, (root) => base(root, busybox), ["ENV PATH=/usr/local/bin:/bin", 'CMD ["node"]']);
  engine.docker("build", "--quiet", "--network", "none", "--file", dockerfile, "--tag", tag, ROOT);
}

/** As the official image is laid out: there is no registry to pull it from. Its npm has no network, and copies. */
function base(root: string, busybox: string): void {
  tools(root, busybox, ["sh", "cp", "mkdir", "chown", "chmod", "cat", "ls", "id"]);
  const at = (path: string): string => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    return join(root, path);
  };
  const node = process.execPath;
  copyFileSync(node, at("usr/local/bin/node"));
  const listed = execFileSync("ldd", [node], { encoding: "utf8" });
  for (const [, library = ""] of listed.matchAll(/(\/\S+) \(0x/g)) copyFileSync(library, at(library.slice(1)));
  writeFileSync(
    at("usr/local/bin/npm"),
    `#!/bin/sh\ncase "$*" in ci*) ;; "run build") cp -r /built/dist . ;; *) exit 1 ;; esac\n`,
  );
  chmodSync(join(root, "usr/local/bin/npm"), 0o755);
  const isBuilt = (from: string): boolean => from !== join(ROOT, "dist/release");
  cpSync(join(ROOT, "dist"), at("built/dist"), { recursive: true, filter: isBuilt });
}
