import picomatch from "picomatch";

/**
 * A test for the names that a `docker:` or `image:` source selects: empty or `*` means all, otherwise an exact name or
 * id (12 digits or more), or a glob.
 */
export function nameSelector(what: string): (names: readonly string[], id: string) => boolean {
  if (what === "" || what === "*") return () => true;
  // An existing name is matched literally, even if it contains glob characters.
  const matches = picomatch(what, { dot: true, bash: true });
  const bare = what.replace(/^sha256:/, "");
  const isId = /^[0-9a-f]{12,64}$/.test(bare);
  return (names, id) =>
    names.some((name) => name === what || matches(name)) || (isId && id.replace(/^sha256:/, "").startsWith(bare));
}
