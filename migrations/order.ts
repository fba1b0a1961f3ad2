/**
 * Run-configuration formats, in the order in which a finding is offered to them: files need no engine, and what
 * Compose or a swarm manages is never created again behind its back.
 */
export const RUN_CONFIGURATIONS = [
  "env-file",
  "systemd",
  "quadlet",
  "docker-run",
  "dockerfile",
  "kubernetes",
  "image",
  "registry",
  "compose",
  "swarm",
  "docker-container",
] as const;
