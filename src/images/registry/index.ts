/*
 * The client of OCI registries: references, logins, listing, reading and pushing. A login is sent only to the registry
 * and its token service, and never follows a redirect.
 */
export {};
