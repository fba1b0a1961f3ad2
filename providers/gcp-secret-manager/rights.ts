import type { RightProbe } from "../../src/stores-kit/probe.ts";
import type { GcpSecretApi } from "./api.ts";
import type { GcpClient } from "./client.ts";

/** A request for each permission of whoever migrates, to a secret that does not exist. */
export function secretRights(api: GcpSecretApi, client: GcpClient, name: string): readonly RightProbe[] {
  const head = { etag: "", ours: true, annotations: {}, createdAt: 0, beside: {}, at: 0 };
  const call = { permission: "secrets.delete", name, method: "DELETE", path: `secrets/${name}` } as const;
  const remove = (): Promise<unknown> => client.call({ ...call, expect: ["NOT_FOUND"] });
  return [
    { right: "read", act: () => api.head(name) },
    { right: "read", act: () => api.access(name, "latest") },
    { right: "write", act: () => api.annotate(name, head, {}) },
    { right: "write", act: () => api.add(name, "unsprawl") },
    { right: "delete", act: remove },
    { right: "write", act: () => api.create(name, {}, {}), undo: remove },
  ];
}
