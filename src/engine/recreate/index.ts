/*
 * Recreating a container: the request (body), what is lost (losses, sharers), the swap of the old container for the new
 * one and back (swap), and the proof (prove). Nothing here knows where a configuration came from.
 */
export {};
