import { randomUUID } from "node:crypto";
import type { RightProbe } from "../../src/stores-kit/probe.ts";
import type { AzureVaultClient } from "./client.ts";
import type { AzureSettings } from "./settings.ts";
import { tagsFor } from "./tags.ts";
import { writer } from "./write.ts";

/** A request for each permission of whoever migrates, to a secret that does not exist. */
export function secretRights(settings: AzureSettings, client: AzureVaultClient, name: string): readonly RightProbe[] {
  const write = writer(settings, client);
  const expect = [404];
  const create = (): Promise<unknown> => {
    const mark = randomUUID();
    const tags = tagsFor(null, null, { runId: "check", subject: name }, mark);
    return write.set(name, { text: "unsprawl", write: mark, tags }, () => undefined);
  };
  return [
    { right: "read", act: () => client.call({ right: "get", name, expect }, (api) => api.getSecret(name)) },
    { right: "read", act: () => write.versions(name) },
    {
      right: "delete",
      act: () => client.call({ right: "delete", name, expect }, (api) => api.beginDeleteSecret(name)),
    },
    {
      right: "write",
      act: () => client.call({ right: "recover", name, expect }, (api) => api.beginRecoverDeletedSecret(name)),
    },
    { right: "write", act: create, undo: () => write.remove(name) },
  ];
}
