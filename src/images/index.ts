/*
 * Images without an engine: archives, layers, registries, and images cleaned of a value. Whatever comes in is hostile:
 * memory is bounded and every digest is checked.
 */
export {};
