/** Memoises the function's newest result: there is one screen, and one list on it. */
export function last<Args extends readonly unknown[], Result>(
  make: (...args: Args) => Result,
): (...args: Args) => Result {
  let known: { readonly args: Args; readonly result: Result } | null = null;
  return (...args) => {
    if (known === null || args.some((arg, at) => arg !== known?.args[at])) known = { args, result: make(...args) };
    return known.result;
  };
}

/** The result of the first call, for all calls. */
export function once<Result>(make: () => Result): () => Result {
  let known: { readonly result: Result } | null = null;
  return () => (known ??= { result: make() }).result;
}
