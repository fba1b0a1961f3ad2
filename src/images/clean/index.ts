/*
 * Takes a value out of an image's config and history, and refuses where that would not remove it.
 */
export {};
