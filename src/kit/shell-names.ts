/** Whether a shell has variables of this name. */
export const isShellName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/** Which of a container's variables a shell before its command would drop, as dash and BusyBox do; null for none. */
export function droppedByShell(names: readonly string[]): string | null {
  const odd = names.find((name) => !isShellName(name));
  if (odd === undefined) return null;
  // An odd name, such as a pasted URL, may itself contain a secret.
  const shown = /^[\w.-]{1,80}$/.test(odd) ? `the variable ${odd}` : "a variable of the container";
  return `a shell would drop ${shown}, since no shell variable can have that name`;
}
