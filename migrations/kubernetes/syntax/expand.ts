/**
 * A written value as the kubelet passes it on: `$$` is one dollar sign, `$(NAME)` another variable, which stays as it
 * is here. Kubernetes does this to `value`, `command` and `args`, and to nothing that comes from a Secret. Source:
 * k8s.io/kubernetes third_party/forked/golang/expansion.
 */
export function expandValue(text: string): { readonly value: string; readonly uses: readonly string[] } {
  const uses: string[] = [];
  let value = "";
  let done = 0;
  const lastClose = text.lastIndexOf(")");
  for (let at = text.indexOf("$"); at >= 0; at = text.indexOf("$", done)) {
    const next = text[at + 1];
    const end = next === "(" && at < lastClose ? text.indexOf(")", at) : -1;
    if (end >= 0) uses.push(text.slice(at + 2, end));
    const stop = next === "$" ? at + 1 : end >= 0 ? end + 1 : at + 1;
    value += text.slice(done, stop);
    done = next === "$" ? at + 2 : stop;
  }
  return { value: value + text.slice(done), uses };
}
