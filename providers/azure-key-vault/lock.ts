const held = new Map<string, Promise<unknown>>();

/** One at a time in this process for the same `place`, in the order of asking. */
export async function oneAtATime<T>(place: string, act: () => Promise<T>): Promise<T> {
  const before = held.get(place) ?? Promise.resolve();
  const mine = before.then(act, act);
  const settled = mine.then(
    () => undefined,
    () => undefined,
  );
  held.set(place, settled);
  try {
    return await mine;
  } finally {
    if (held.get(place) === settled) held.delete(place);
  }
}
