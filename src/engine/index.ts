/*
 * Docker and Podman, here or elsewhere: the connection, what inspect says, and the building blocks of creating a
 * container again. No format is known here; whatever writes to an engine lies here or in a migration.
 */
export {};
