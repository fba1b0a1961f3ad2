/** Made once; a failure is forgotten, so that the next call tries again (an engine that was down, a mended file). */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    const making = (made ??= make());
    making.catch(() => (made = null));
    return making;
  };
}

/** The same for what is made at once. */
export function onceSync<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
