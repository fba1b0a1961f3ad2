/** The words that start the volume driver where the one-file executable is installed, as in the image of a release. */
export const PACKAGED_DRIVER = ["/usr/bin/unsprawl", "volume-driver"] as const;
