import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, which } from "./apt.ts";

/**
 * Prometheus' own judge of metrics and of rules. A package of its own in Debian 13, part of the server's in Debian 12;
 * taken out of either without installing it, for the server would start.
 */
export function promtool(): string {
  const there = which("promtool");
  if (there !== null) return there;
  const dir = join(CACHE, "promtool");
  const program = join(dir, "usr/bin/promtool");
  if (existsSync(program)) return program;
  mkdirSync(dir, { recursive: true });
  const parts = mkdtempSync(join(dir, "part-"));
  const fetch = "apt-get download promtool || apt-get download prometheus";
  try {
    execFileSync("sh", ["-c", `${fetch} || { apt-get update -qq; ${fetch}; }`], { cwd: parts, stdio: "pipe" });
    execFileSync("sh", ["-c", "dpkg-deb -x prom*.deb tree"], { cwd: parts, stdio: "pipe" });
    cpSync(join(parts, "tree"), dir, { recursive: true });
  } catch (error) {
    throw new Error("tests need promtool: apt-get install promtool", { cause: error });
  } finally {
    rmSync(parts, { recursive: true });
  }
  return program;
}
