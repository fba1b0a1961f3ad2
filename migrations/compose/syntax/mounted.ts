import { basename, dirname, join, sep } from "node:path";
import { entry, follow, isMap, isSeq } from "../../../src/kit/text/yaml-nodes.ts";
import { filledScalar } from "./fill.ts";
import { servicePath } from "./paths.ts";
import type { ComposeProject, ComposeService } from "./project.ts";
import { realOrSame } from "../../../src/kit/io/real.ts";

/**
 * The services that have an env file in one of their mounts and no variable of this name: their program may read the
 * line itself, as Laravel and dotenv do with `.env`, and would lose it. Web servers that only hand out files do not.
 */
export function mountReaders(
  { services }: ComposeProject,
  file: string,
  has: (service: string) => boolean,
): readonly string[] {
  const own = join(realOrSame(dirname(file)), basename(file));
  return [...services.values()]
    .filter((service) => !has(service.name) && !isFileServer(service))
    .filter((service) => mounted(service).some((source) => file === source || mayRead(realOrSame(source), own)))
    .map(({ name }) => name);
}

/** Programs read the file in their own folder: all of the host, or of a top folder, is what monitors and backups mount. */
function mayRead(source: string, file: string): boolean {
  if (source === dirname(file)) return true;
  return file.startsWith(source + sep) && dirname(source) !== sep;
}

/** The folders and files of the host that a service has as they are. */
function mounted({ layers }: ComposeService): readonly string[] {
  return layers.flatMap(({ service, file, dir, lookup }) => {
    const list = entry(service, "volumes", file)?.value ?? null;
    const items = isSeq(list) ? list.items.map((item) => follow(item, file)) : [];
    return items.flatMap((item) => {
      const written = isMap(item) ? (entry(item, "source", file)?.value ?? null) : item;
      const text = filledScalar(written, lookup, file, () => undefined) ?? "";
      const source = isMap(item) ? text : text.slice(0, Math.max(0, text.indexOf(":")));
      return /^\.{0,2}\/|^\.{1,2}$|^~/.test(source) ? servicePath(dir, source) : [];
    });
  });
}

function isFileServer({ layers }: ComposeService): boolean {
  const images = layers.map(({ service, file, lookup }) =>
    filledScalar(entry(service, "image", file)?.value ?? null, lookup, file, () => undefined),
  );
  return FILE_SERVER.test(images.findLast((image) => image !== null) ?? "");
}

const FILE_SERVER = /(?:^|\/)(?:nginx|nginx-unprivileged|httpd|caddy|openresty|lighttpd|traefik|haproxy)(?:[:@]|$)/;
