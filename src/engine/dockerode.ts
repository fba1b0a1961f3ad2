import { registerHooks } from "node:module";
import type Docker from "dockerode";

/**
 * dockerode without two parts of it that are not used here and take longer to load than all the rest: gRPC, for BuildKit's
 * sessions, and ssh2, for `ssh://` addresses, which `ssh-agent.ts` does with the user's own ssh. It gets a small neighbour
 * of each instead.
 */
export async function loadDockerode(): Promise<typeof Docker> {
  const hooks = registerHooks({
    resolve: (part, context, next) =>
      next(INSTEAD.find(([file, one]) => one === part && context.parentURL?.endsWith(file))?.[2] ?? part, context),
  });
  try {
    return (await import("dockerode")).default;
  } finally {
    hooks.deregister();
  }
}

const INSTEAD = [
  ["/dockerode/lib/docker.js", "./session", "./util"],
  ["/docker-modem/lib/modem.js", "./ssh", "./utils"],
] as const;
