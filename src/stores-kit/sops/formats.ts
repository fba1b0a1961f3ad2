import type { SopsDocument, SopsFormat } from "./document.ts";
import { dotenvFormat } from "./dotenv-format.ts";
import { jsonFormat } from "./json-format.ts";
import { yamlFormat } from "./yaml-format.ts";

/** The format that a file's name says (getsops/sops cmd/sops/formats/formats.go); what says none is YAML. */
export function formatOf(file: string): SopsFormat {
  if (file.endsWith(".env")) return dotenvFormat;
  return file.endsWith(".json") ? jsonFormat : yamlFormat;
}

/** Reads a SOPS file in the form that its name says. Throws `malformed`, `refused`. */
export function readDocument(text: string, file: string): Promise<SopsDocument> {
  return formatOf(file).read(text, file);
}
