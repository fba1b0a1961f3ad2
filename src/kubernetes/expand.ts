/**
 * A written value as the kubelet hands it over: `$$` is one dollar sign, `$(NAME)` another variable, which stays as it is
 * here. Kubernetes does this to `value`, `command` and `args`, and to nothing that comes from a Secret.
 * Source: k8s.io/kubernetes third_party/forked/golang/expansion.
 */
export function expand(text: string): { readonly value: string; readonly uses: readonly string[] } {
  const uses: string[] = [];
  const value = text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    uses.push(name);
    return whole;
  });
  return { value, uses };
}
