declare module "postject" {
  /** Writes `data` into an executable as a resource (postject's README, "Using Programmatically"). */
  export function inject(
    file: string,
    resource: string,
    data: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
