/*
 * How an application receives a value that is no longer in its configuration: as a file on tmpfs, through the OCI
 * runtime, or through a shim before the entrypoint. A delivery knows neither stores nor formats.
 */
export {};
