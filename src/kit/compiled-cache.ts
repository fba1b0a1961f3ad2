/**
 * Caches compiled code of the program's own files, which saves a third of the start-up time. Uses the user's own cache
 * folder: in a shared place such as /tmp, others could plant code. Must be called in each thread.
 */
export function cacheCompiledCode(): void {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const base = XDG_CACHE_HOME?.startsWith("/") ? XDG_CACHE_HOME : HOME?.startsWith("/") ? `${HOME}/.cache` : null;
  if (base !== null) process.getBuiltinModule("node:module").enableCompileCache(`${base}/unsprawl/compiled`);
}
