/*
 * Tools without knowledge of what unsprawl does, which every room may import: quoting for shells, running a child,
 * memoising. A file that knows a domain word belongs elsewhere.
 */
export {};
