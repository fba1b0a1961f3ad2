import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Shorter waits; images by tag, since a stand-in has another digest; nothing is pulled or built. */
export function quicker(text: string): string {
  return (
    text
      .replace(/^(\s+)(interval|start_interval|start_period):.*$/gm, "$1$2: 1s")
      .replace(/^(\s+)retries:.*$/gm, "$1retries: 8")
      .replace(/service_completed_successfully/g, "service_started")
      .replace(/(image:\s*["']?[^\s"'@]+)@sha256:[0-9a-f]{64}/g, "$1")
      .replace(/^(\s+)replicas:.*$/gm, "$1replicas: 1")
      // More than a sandbox may give.
      .replace(/^( +)reservations:.*\n(?:\1(?: +|- ).*\n)*/gm, "$1reservations: {}\n")
      .replace(/^( +)(?:ulimits|devices|device_cgroup_rules|gpus):.*\n(?:\1(?: +|- ).*\n)*/gm, "")
      .replace(/^ +(?:runtime: ["']?nvidia|privileged:|cpus:|cpuset:).*\n/gm, "")
      // Addresses of somebody else's network cards.
      .replace(/^(\s+-\s+["']?)(?!127\.|0\.)\d+\.\d+\.\d+\.\d+:(?=[\d$])/gm, "$1")
      .replace(/^\s+(placement:|constraints:|preferences:|- (["']?)node\.).*\n/gm, "")
      .replace(/^\s+(pull_policy|platform|stop_grace_period|mac_address):.*\n/gm, "")
  );
}

/** Services start without waiting for healthy ones from now on; false if none waits. */
export function withoutWaits(copy: string): boolean {
  const waiting = yamlFiles(copy).filter((file) => readFileSync(file, "utf8").includes("service_healthy"));
  for (const file of waiting)
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("service_healthy", "service_started"));
  return waiting.length > 0;
}

export const yamlFiles = (copy: string): string[] => matching(copy, /\.ya?ml$/);

export function matching(copy: string, what: RegExp): string[] {
  return readdirSync(copy)
    .filter((name) => what.test(name))
    .map((name) => join(copy, name))
    .filter((file) => statSync(file).isFile());
}
