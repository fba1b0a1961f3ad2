import type { SubjectNames } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { secretKey } from "./names.ts";
import type { GcpSettings } from "./settings.ts";

/** The service's names for rights on its secrets (IAM permissions). */
export type GcpPermission =
  | "secrets.create"
  | "secrets.get"
  | "secrets.update"
  | "secrets.delete"
  | "secrets.list"
  | "versions.access"
  | "versions.add"
  | "versions.get";

/** What each reader needs: the value, and that it has changed. */
const READER = ["roles/secretmanager.secretAccessor", "roles/secretmanager.viewer"];

/** The command that grants a missing right. No predefined role below the admin's holds what a migration needs. */
export function deniedHint(permission: GcpPermission, projectId: string): string {
  const role = { "versions.access": READER[0], "versions.get": READER[1] }[permission as string];
  return cmd`gcloud projects add-iam-policy-binding ${projectId} --member "<principal>" --role ${role ?? "roles/secretmanager.admin"}`;
}

/** The commands that let one application read its secrets. */
export function readerPolicy(
  names: SubjectNames,
  { projectId, name }: Pick<GcpSettings, "projectId" | "name">,
): string {
  const { path } = secretKey(name, { ...names, name: "NAME" });
  const bind = (role: string): string =>
    cmd`gcloud secrets add-iam-policy-binding ${path} --project ${projectId} --member "<principal>" --role ${bare(role)}`;
  return [
    "# For each secret; NAME stands for the variable's. The first reads the value.",
    bind(READER[0] ?? ""),
    "# The second lets the agent see that it has changed without reading it.",
    bind(READER[1] ?? ""),
  ].join("\n");
}

const MIGRATOR: readonly GcpPermission[] = [
  "secrets.create",
  "secrets.delete",
  "secrets.get",
  "secrets.update",
  "versions.access",
  "versions.add",
];

/** The commands that let whoever migrates move and restore every secret of the project: a role with these permissions, and its binding. */
export function migratorPolicy({ projectId }: Pick<GcpSettings, "projectId">): string {
  const permissions = MIGRATOR.map((one) => `secretmanager.${one}`).join(",");
  return [
    "# Moves and restores secrets of this project (plan, migrate, rollback, scrub, rotate), and nothing else.",
    cmd`gcloud iam roles create unsprawlMigrate --project ${projectId} --permissions ${bare(permissions)}`,
    cmd`gcloud projects add-iam-policy-binding ${projectId} --member "<principal>" --role ${`projects/${projectId}/roles/unsprawlMigrate`}`,
  ].join("\n");
}
