/*
 * The client of OCI registries: references, logins, listing, reading and pushing. A login goes to the registry and its
 * token service alone, and no redirect carries it on.
 */
export {};
