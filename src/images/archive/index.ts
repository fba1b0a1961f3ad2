/*
 * What `docker save` writes, and OCI layouts as tar or folder, read as a stream: the manifest, the configs, the layers
 * in order.
 */
export {};
