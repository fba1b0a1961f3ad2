/*
 * How an application gets its value once it has left the configuration: a file on tmpfs, the OCI runtime, or a shim
 * before the entrypoint. A delivery knows neither stores nor formats.
 */
export {};
