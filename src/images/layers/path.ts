import { limitExceeded, LIMITS } from "../../kit/tar/limits.ts";

/**
 * An entry's absolute path, `/app/.env`: `.`, `..` and doubled slashes are resolved within the root, as engines do. It
 * is only shown and compared, never opened. Throws `refused` for a path that no system would accept.
 */
export function rootedPath(path: string): string {
  if (path.length > LIMITS.path)
    throw limitExceeded(
      `has a path of ${path.length.toLocaleString("en")} characters: at most ${LIMITS.path} are read`,
    );
  if (PLAIN.test(path)) return depth(path.startsWith("/") ? path : `/${path}`);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return depth(`/${parts.join("/")}`);
}

/** No part is empty, `.` or `..`. */
const PLAIN = /^\/?[^/.][^/]*(?:\/(?:[^/.][^/]*|\.[^/.][^/]*))*$/;

function depth(path: string): string {
  let count = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) count++;
  if (count > LIMITS.depth) throw limitExceeded(`has a path of ${count} folders: at most ${LIMITS.depth} are read`);
  return path;
}

/**
 * What an entry does to the layers below: its path is replaced, or deleted, or a folder is emptied; null for aufs's
 * internal files. Source: OCI image-spec, layer.md, "Whiteouts".
 */
export function whiteout(
  path: string,
): { readonly does: "replaces" | "deletes" | "empties"; readonly path: string } | null {
  const at = path.lastIndexOf("/") + 1;
  if (!path.startsWith(".wh.", at)) return { does: "replaces", path };
  const name = path.slice(at + 4);
  const folder = at === 1 ? "/" : path.slice(0, at - 1);
  if (name === ".wh..opq") return { does: "empties", path: folder };
  return name === "" || name.startsWith(".wh.") ? null : { does: "deletes", path: path.slice(0, at) + name };
}
