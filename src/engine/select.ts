import picomatch from "picomatch";

/**
 * Which names a `docker:` or `image:` source means: empty or `*` for all, an exact name or id (12 digits or more),
 * or a glob. Returns a test over a thing's names and its id.
 */
export function selector(what: string): (names: readonly string[], id: string) => boolean {
  if (what === "" || what === "*") return () => true;
  // A name that exists is meant as it stands, even if it has a glob's characters in it.
  const matches = picomatch(what, { dot: true, bash: true });
  const bare = what.replace(/^sha256:/, "");
  const isId = /^[0-9a-f]{12,64}$/.test(bare);
  return (names, id) =>
    names.some((name) => name === what || matches(name)) || (isId && id.replace(/^sha256:/, "").startsWith(bare));
}
