import { registerHooks } from "node:module";
import type Docker from "dockerode";

/**
 * Loads dockerode without two unused parts that take longer to load than the rest: gRPC, for BuildKit sessions, and
 * ssh2, for `ssh://` addresses, which `ssh-agent.ts` handles with the user's own ssh. Each is replaced by a small
 * module of the same package.
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
