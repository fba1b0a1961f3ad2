/*
 * Images without an engine: archives, layers, registries, and images cleaned of a value. All input is hostile: memory
 * is bounded and every digest is checked.
 */
export {};
