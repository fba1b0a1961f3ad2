/*
 * What `npm run release` makes in dist/release/: for each processor the one-file executable, a tar.gz, packages for
 * Debian, Fedora and Alpine, and a container image; the npm package; checksums and a list of what is in them (SBOM).
 * release.ts is the order of the work. The same commit makes the same bytes. Nothing here is shipped.
 */
export {};
