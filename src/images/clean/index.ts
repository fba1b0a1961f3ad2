/*
 * Removes a value from an image's config and history, and refuses if that would not remove it completely.
 */
export {};
