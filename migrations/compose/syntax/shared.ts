import type { Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { memberRange, scalar } from "../../../src/kit/text/yaml-edit.ts";
import { follow, isAlias, isMap, isScalar, isSeq, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { ProjectDraft } from "../rewrite/draft.ts";

/**
 * The members of a map or list shared by several services, as lines for one of them: as written, or on one line if they
 * span several. Leaves out what the draft removes.
 */
export function membersOf(draft: ProjectDraft, file: YamlFile, owner: YAMLMap | YAMLSeq): string[] {
  return draft.kept(owner).map(({ member, text }) => text ?? oneLine(member, file, owner.flow === true));
}

function oneLine(member: unknown, file: YamlFile, flow: boolean): string {
  const raw = file.text.slice(...memberRange(member));
  // In a flow collection and in a block, a scalar may need different quotes.
  if (!raw.includes("\n") && !flow) return raw;
  const { key, value } = member as Pair<Scalar, Node | null>;
  return key === undefined ? inFlow(member, file) : `${inFlow(key, file)}: ${inFlow(value, file)}`;
}

function inFlow(node: unknown, file: YamlFile): string {
  const found = follow(node, file);
  if (isMap(found)) {
    const pairs = (found.items as Pair<Scalar, Node | null>[]).map(
      ({ key, value }) =>
        `${isScalar(key) && key.value === "<<" ? "<<" : inFlow(key, file)}: ${alias(value) ?? inFlow(value, file)}`,
    );
    return `{ ${pairs.join(", ")} }`;
  }
  if (isSeq(found)) return `[${found.items.map((item) => inFlow(item, file)).join(", ")}]`;
  if (!isScalar(found)) return "";
  const text = found.value ?? "";
  // Plain text keeps its type (`true`, `0440`) only if it stays plain.
  return found.type === "PLAIN" && /^[\w./:=-]*$/.test(text) ? text : JSON.stringify(text);
}

const alias = (node: unknown): string | null => (isAlias(node) ? `*${node.source}` : null);

/** A variable as a member of a list or a map. */
export function asMember(name: string, value: string, list: boolean): string {
  return list ? scalar(`${name}=${value}`, null) : `${name}: ${scalar(value, null)}`;
}
