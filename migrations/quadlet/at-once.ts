/** How long what was read counts as what is there, in milliseconds. */
const MOMENT = 1000;

/**
 * As `read`, but a file that is asked for again within a second is not read again: a plan asks for each finding what every
 * unit beside it says. For decisions of a plan only; what is written, and whether it has changed, is read afresh.
 */
export function readAtOnce<T>(read: (file: string) => Promise<T>): (file: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return async (file) => {
    const found = known.get(file);
    if (found !== undefined) return found;
    if (known.size === 0) setTimeout(() => known.clear(), MOMENT).unref();
    const made = read(file);
    known.set(file, made);
    return made;
  };
}
