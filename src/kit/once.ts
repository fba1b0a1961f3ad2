/** Memoises an async function. A failure is not cached, so the next call tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    const making = (made ??= make());
    making.catch(() => (made = null));
    return making;
  };
}

/** Memoises a synchronous function. */
export function onceSync<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
