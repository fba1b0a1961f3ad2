/*
 * Docker and Podman, local or remote: connection, inspect documents, and the building blocks for recreating a
 * container. Knows no format. Everything that writes to an engine is here or in a migration.
 */
export {};
