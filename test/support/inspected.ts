const IMAGE = `sha256:${"0".repeat(64)}`;

/** What `docker inspect` would print of an image that sets nothing, and of containers of it with these variables. */
export function inspected(containers: {
  readonly [name: string]: {
    readonly env?: { readonly [name: string]: string };
    readonly labels?: { readonly [name: string]: string };
    readonly image?: string;
    readonly cmd?: readonly string[];
  };
}): string {
  const documents = Object.entries(containers).map(([name, { env = {}, labels = {}, image = "shop:1", cmd = [] }]) => ({
    Id: Buffer.from(name).toString("hex").padEnd(64, "0"),
    Name: `/${name}`,
    Image: IMAGE,
    State: { Status: "running" },
    Mounts: [],
    HostConfig: {},
    Config: {
      Image: image,
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      Labels: labels,
      Cmd: cmd,
    },
  }));
  const made = { Id: IMAGE, RepoTags: ["shop:1"], Architecture: "amd64", Os: "linux", Config: {} };
  return JSON.stringify([made, ...documents]);
}
